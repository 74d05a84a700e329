"""A model's TOML: read as the product reads it, written so that it reads the same again."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from ibd_mobile.core.model import Model

Table = dict[str, Any]

#: lists of tables that get a block each; other tables in lists stand on one line
_BLOCKS = {"variants", "artifacts"}


def read(path: Path) -> Model:
    """Read a model's TOML."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Model)


def write(path: Path, model: Model) -> None:
    """Write a model's TOML."""
    path.write_text(text(model), encoding="utf-8")


def text(model: Model) -> str:
    """Return the content of a model's TOML."""
    return to_toml(msgspec.to_builtins(model))


def to_toml(table: Table, path: str = "") -> str:
    """Write a table as TOML: plain keys first, then tables, then `_BLOCKS`, as TOML asks.

    >>> print(to_toml({"a": 1, "b": {"c": [0.5]}, "variants": [{"d": {"e": ""}}]}), end="")
    a = 1
    <BLANKLINE>
    [b]
    c = [0.5]
    <BLANKLINE>
    [[variants]]
    <BLANKLINE>
    [variants.d]
    e = ""
    """
    lines, tables, blocks = [], [], []
    for key, held in table.items():
        name = f"{path}{key}"
        if isinstance(held, dict):
            tables.append(f"\n[{name}]\n{to_toml(held, name + '.')}")
        elif key in _BLOCKS:
            blocks += [f"\n[[{name}]]\n{to_toml(one, name + '.')}" for one in held]
        else:
            lines.append(f"{_key(key)} = {_value(held)}\n")
    return "".join(lines + tables + blocks)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_value(held)}" for key, held in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(held) for held in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
