import copy
import datetime
import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from ibd_mobile.catalog.library import folder
from ibd_mobile.catalog.reader import LIMIT_BYTES, read_toml
from ibd_mobile.core.device import Device, Noun, Phone
from ibd_mobile.core.errors import ExitCode, InputError
from ibd_mobile.core.model import Model
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.study import Protocol, Study

FAMILIES: dict[str, type[Noun]] = {
    "devices": Device,
    "phones": Phone,
    "protocols": Protocol,
    "studies": Study,
    "models": Model,
    "datasets": PictureSet,
}
FILES = [
    (path, kind)
    for name, kind in FAMILIES.items()
    for path in sorted(folder(name).glob("**/*.toml"))
    if name != "models" or path.parent != folder("datasets")
]
STUDY = """\
schema = 1
id = "tiny"
name = "Tiny"
models = ["m"]
training_frameworks = ["tensorflow"]
precisions = ["float32"]
frameworks = ["litert"]
processors = ["cpu"]
threads = [1]
batches = [1]
kinds = ["measure"]
protocol = "ibd"
"""

Place = tuple[str | int, ...]


def refusal(path: Path, kind: type[Noun] = Study) -> str:
    """Read a file that must be refused, and return what the person is told."""
    with pytest.raises(InputError) as caught:
        read_toml(path, kind)
    assert caught.value.exit_code == ExitCode.INPUT
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "FILE")


def write(folder: Path, text: str) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def toml(value: object) -> str:
    """Write a value in TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime.date) else repr(value)


def document(data: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(k)} = {toml(v)}\n" for k, v in data.items())


def keys(data: Any, kind: inspect.Type, here: Place = ()) -> Iterator[tuple[Place, bool, bool]]:
    """Yield the path of every key, whether its name is fixed, and whether it must be there."""
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    if isinstance(kind, inspect.StructType):
        fields = {f.encode_name: f for f in kind.fields}
        for name, value in data.items():
            yield (*here, name), True, fields[name].required
            yield from keys(value, fields[name].type, (*here, name))
    elif isinstance(kind, inspect.DictType):
        is_fixed = isinstance(kind.key_type, inspect.LiteralType)
        for name, value in data.items():
            yield (*here, name), is_fixed, False
            yield from keys(value, kind.value_type, (*here, name))
    elif isinstance(kind, inspect.ListType):
        for index, value in enumerate(data):
            yield from keys(value, kind.item_type, (*here, index))


def holder(data: Any, path: Place) -> Any:
    for step in path[:-1]:
        data = data[step]
    return data


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda x: getattr(x, "stem", ""))
def test_the_writer_of_these_tests_changes_nothing(path: Path, kind: type[Noun], lab: Path) -> None:
    again = write(lab, document(tomllib.loads(path.read_text())))
    assert read_toml(again, kind) == read_toml(path, kind)


@settings(deadline=None, max_examples=300)
@given(draw=st.data())
def test_any_corrupted_key_of_a_valid_file_is_refused_and_the_file_is_named(
    draw: st.DataObject,
) -> None:
    path, kind = draw.draw(st.sampled_from(FILES))
    data = copy.deepcopy(tomllib.loads(path.read_text()))
    place, is_fixed, is_required = draw.draw(
        st.sampled_from(list(keys(data, inspect.type_info(kind))))
    )
    ways = ["retype"] + ["rename"] * is_fixed + ["remove"] * is_required
    way = draw.draw(st.sampled_from(ways))
    table, key = holder(data, place), place[-1]
    value = table.pop(key)
    if way == "rename":
        table[draw.draw(st.sampled_from([f"{key}_x", f"{key}s_", str(key).upper()]))] = value
    elif way == "retype":
        wrong: list[object] = [datetime.date(2021, 5, 1), [[{"x": 1}]]]
        table[key] = draw.draw(st.sampled_from(wrong))
    with tempfile.TemporaryDirectory() as home:
        text = refusal(write(Path(home), document(data)), kind)
    if way != "retype":
        assert str(key) in text


@settings(deadline=None)
@given(draw=st.data())
def test_bytes_of_any_kind_are_read_or_refused_and_nothing_else_happens(
    draw: st.DataObject,
) -> None:
    path, kind = draw.draw(st.sampled_from(FILES))
    content = path.read_bytes()
    start = draw.draw(st.integers(0, len(content)))
    end = draw.draw(st.integers(start, min(len(content), start + 30)))
    content = content[:start] + draw.draw(st.binary(max_size=20)) + content[end:]
    with tempfile.TemporaryDirectory() as home:
        torn = Path(home) / path.name
        torn.write_bytes(content)
        told = ""
        try:
            read_toml(torn, kind)
        except InputError as error:
            told = str(error)
    assert not told or str(torn) in told


def test_bad_syntax_is_told_by_line_and_column(lab: Path) -> None:
    path = write(lab, STUDY + "seed 3\n")
    assert refusal(path).startswith("FILE:13:6: is not TOML: Expected '=' after a key")


def test_a_file_that_ends_too_early_is_told_by_its_last_line(lab: Path) -> None:
    assert refusal(write(lab, 'schema = 1\nid = "tiny')).startswith("FILE:2:11: is not TOML: ")


def test_a_key_written_twice_is_told(lab: Path) -> None:
    assert refusal(write(lab, STUDY + "protocol = 'x'\n")).startswith(
        "FILE:13:15: is not TOML: Cannot overwrite a value"
    )


def test_text_that_is_not_utf_8_is_told_by_line_and_column(lab: Path) -> None:
    path = lab / "tiny.toml"
    path.write_bytes(STUDY.encode() + b'notes = "\xe9"\n')
    assert refusal(path) == "FILE:13:10: is not UTF-8 text\n  Save the file as UTF-8."


def test_a_number_that_is_not_finite_is_refused(lab: Path) -> None:
    data = tomllib.loads((folder("protocols") / "ibd.toml").read_text())
    path = write(lab, document(data).replace('"rest_s" = 300.0', '"rest_s" = nan'))
    assert refusal(path, Protocol) == "FILE: rest_s: expected a finite number"


def test_a_flaw_that_types_do_not_show_is_told_by_its_key(lab: Path) -> None:
    path = write(lab, STUDY.replace("threads = [1]", "threads = [1, 0]"))
    assert refusal(path) == "FILE: threads[1]: expected more than 0, found 0"


@pytest.mark.parametrize(
    "text",
    ["x = " + "[" * 100_000, ".".join("a" * 5000) + " = 1", "schema = " + "9" * 5000],
    ids=["lists", "dotted keys", "digits"],
)
def test_a_file_made_to_exhaust_the_reader_is_refused(text: str, lab: Path) -> None:
    refusal(write(lab, text))


def test_a_file_over_1_mib_is_refused_and_one_of_1_mib_is_not(lab: Path) -> None:
    fill = LIMIT_BYTES - len(STUDY) - 1
    assert read_toml(write(lab, STUDY + "#" * fill + "\n"), Study).id == "tiny"
    path = write(lab, STUDY + "#" * (fill + 1) + "\n")
    assert refusal(path) == "FILE: is larger than 1 MiB\n  Is this the right file?"


def test_what_is_no_regular_file_is_refused_at_once(lab: Path) -> None:
    pipe = lab / "pipe.toml"
    os.mkfifo(pipe)
    assert refusal(pipe) == "FILE: is not a regular file\n  Name a TOML file."
    assert refusal(lab) == "FILE: is not a regular file\n  Name a TOML file."


def test_a_file_that_is_not_there_is_named(lab: Path) -> None:
    assert refusal(lab / "gone.toml") == "FILE: cannot be read: No such file or directory"
