import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError, HostError
from ibd_mobile.results.query import Column, read_parquet, write_parquet

INT64 = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text(string.ascii_lowercase + '_" ', min_size=1, max_size=8).filter(
    lambda name: not name.isspace()
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Column]:
    n = draw(st.integers(0, 20))
    columns: dict[str, Column] = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower)):
        kind = draw(st.sampled_from(["int", "float", "text"]))
        if kind == "int":
            values = draw(st.lists(INT64, min_size=n, max_size=n))
            columns[name] = np.array(values, dtype=np.int64)
        elif kind == "float":
            columns[name] = np.array(draw(st.lists(st.floats(), min_size=n, max_size=n)), float)
        else:
            text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
            columns[name] = np.array(draw(st.lists(text, min_size=n, max_size=n)), dtype=str)
    return columns


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, Column]
) -> None:
    path = tmp_path_factory.getbasetemp() / "table.parquet"
    write_parquet(path, columns)
    found = read_parquet(path)
    assert list(found) == list(columns)
    for name, column in columns.items():
        assert found[name].dtype.kind == {"i": "i", "f": "f", "U": "O"}[column.dtype.kind]
        np.testing.assert_array_equal(found[name], column)


def test_the_same_columns_give_the_same_bytes(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    columns = {
        "t_ns": np.arange(300_000, dtype=np.int64) * 10_000_000,
        "power_w": chance.normal(2.0, 0.1, 300_000),
        "phase": np.array(["idle", "power"])[chance.integers(0, 2, 300_000)],
    }
    for name in ("first", "second"):
        write_parquet(tmp_path / name, columns)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    np.testing.assert_array_equal(read_parquet(tmp_path / "first")["t_ns"], columns["t_ns"])


def test_a_name_with_pattern_characters_is_that_file_and_no_other(tmp_path: Path) -> None:
    for name, number in (("a1.parquet", 1), ("a[1].parquet", 2), ("it's?*.parquet", 3)):
        write_parquet(tmp_path / name, {"x": np.array([number])})
    assert read_parquet(tmp_path / "a[1].parquet")["x"].tolist() == [2]
    assert read_parquet(tmp_path / "it's?*.parquet")["x"].tolist() == [3]
    with pytest.raises(DataError, match="cannot be read"):
        read_parquet(tmp_path / "a*.parquet")


def test_an_old_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "traces" / "power.parquet"
    for number in (1, 2):
        write_parquet(path, {"x": np.array([number])})
    assert read_parquet(path)["x"].tolist() == [2]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"PAR1 and then not", b"PAR1" * 100])
def test_damage_is_named_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "power.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"power.parquet: cannot be read: ") as caught:
        read_parquet(path)
    assert "\n" not in caught.value.problem
    assert "reparse" in caught.value.remedy


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"a": np.array([1]), "b": np.array([1, 2])},
        {"a": np.array([[1]])},
        {"a": np.array([1 + 2j])},
        {"a": np.array([None, "text"], dtype=object)},
    ],
)
def test_what_is_no_table_of_traces_is_not_written(
    tmp_path: Path, columns: dict[str, Column]
) -> None:
    with pytest.raises(ValueError, match="column"):
        write_parquet(tmp_path / "x.parquet", columns)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot be written"):
        write_parquet(tmp_path / "file" / "x.parquet", {"x": np.array([1])})
