"""What is wrong with the keys and values of a TOML file, in words for who wrote it."""

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

from ibd_mobile.core.device import Noun

_PATH = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(.*)`$")
_MISSING = re.compile(r"^Object missing required field `(.*)`$")
_WRONG = re.compile(r"^Expected `(.*)`, got `(.*)`$")
_NOT_LISTED = re.compile(r"^Invalid enum value (.*)$")

#: msgspec's words -> TOML's
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def explain(message: str, data: dict[str, Any], kind: type[Noun]) -> tuple[str, str]:
    """Put a message of msgspec into words for people who write TOML.

    Args:
        message: of the ValidationError.
        data: what the file held.
        kind: the noun it should have been.

    Returns:
        The problem, which begins with the key's path, and the remedy or "".
    """
    found = _PATH.search(message)
    place = _with_names(found.group(1), message, data, kind) if found else ""
    problem = message[: found.start()] if found else message
    if unknown := _UNKNOWN.match(problem):
        key, known = unknown.group(1), _keys_at(kind, place)
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
        remedy = f"Did you mean '{near[0]}'? " if near else ""
        return f"{_join(place, key)}: unknown key", f"{remedy}Known: {', '.join(known)}."
    if missing := _MISSING.match(problem):
        return f"{_join(place, missing.group(1))}: is missing", ""
    if wrong := _WRONG.match(problem):
        shown = _shown(_value_at(data, place), wrong.group(2))
        problem = f"expected {_in_words(wrong.group(1))}, found {shown}"
    elif listed := _NOT_LISTED.match(problem):
        choices = ", ".join(_choices_at(kind, place))
        problem = f"expected one of {choices}; found {listed.group(1)}"
    return (f"{place}: {problem}" if place else problem), ""


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _in_words(kinds: str) -> str:
    return " or ".join(_WORDS.get(k, k) for k in kinds.split(" | ") if k != "null")


def _shown(value: object, kind: str) -> str:
    """Show a wrong value in TOML's words, short enough for one line."""
    words = _WORDS.get(kind, f"a {kind}")
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str | int | float) else ""
    return f"{words} ({text})" if 0 < len(text) <= 60 else words


def _with_names(place: str, message: str, data: dict[str, Any], kind: type[Noun]) -> str:
    """Put the key's name where msgspec writes "[...]" for any key of a free table.

    The name is found by trying: the one key that brings the same message when it stands alone.
    """
    head, dots, tail = place.partition("[...]")
    table = _value_at(data, head)
    if not dots or not isinstance(table, dict):
        return place
    whole = dict(table)
    try:
        for name, value in whole.items():
            table.clear()
            table[name] = value
            try:
                msgspec.convert(data, kind)
            except msgspec.ValidationError as error:
                if str(error) == message:
                    return f'{head}."{name}"{tail}'
    finally:
        table.clear()
        table.update(whole)
    return place


def _steps(place: str) -> list[str | int]:
    """Take a key path apart: `a[0]."b.c"` becomes ["a", 0, "b.c"]."""
    parts = re.findall(r'\[(\d+)\]|"([^"]*)"|([^.\[\]"]+)', place)
    return [int(index) if index else quoted or name for index, quoted, name in parts]


def _value_at(data: object, place: str) -> object:
    """Return what lies at a key path, or None where nothing does."""
    for step in _steps(place):
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _type_at(kind: type[Noun], place: str) -> inspect.Type:
    here = inspect.type_info(kind)
    for step in _steps(place):
        if isinstance(here, inspect.StructType):
            here = next(f.type for f in here.fields if f.encode_name == step)
        elif isinstance(here, inspect.ListType):
            here = here.item_type
        elif isinstance(here, inspect.DictType):
            here = here.value_type
        if isinstance(here, inspect.UnionType):
            here = next(t for t in here.types if not isinstance(t, inspect.NoneType))
    return here


def _keys_at(kind: type[Noun], place: str) -> list[str]:
    here = _type_at(kind, place)
    return [f.encode_name for f in here.fields] if isinstance(here, inspect.StructType) else []


def _choices_at(kind: type[Noun], place: str) -> list[str]:
    here = _type_at(kind, place)
    if isinstance(here, inspect.DictType):
        here = here.key_type  # the message was about a key of this table
    return [repr(v) for v in here.values] if isinstance(here, inspect.LiteralType) else []
