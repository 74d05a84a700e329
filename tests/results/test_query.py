import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError, HostError, InputError
from ibd_mobile.results.query import (
    NUMBER,
    TEXT,
    WHOLE,
    Column,
    Database,
    read_parquet,
    write_parquet,
)

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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database() as made:
        made.add("t", {"a": WHOLE, "b": TEXT}, {"a": np.array([1, 2]), "b": np.array(["x", "y"])})
        made.lock()
        yield made


def test_a_locked_database_answers(database: Database) -> None:
    answer = database.ask("SELECT b, a FROM t ORDER BY a DESC")
    assert (answer.names, answer.rows) == (["b", "a"], [("y", 2), ("x", 1)])
    assert database.ask("DESCRIBE t").rows
    assert database.ask("EXPLAIN SELECT 1").rows


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{there}')",
        "SELECT * FROM read_text('{there}')",
        "SELECT * FROM '{there}'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('{there}')",
        "SELECT * FROM parquet_metadata('{there}')",
        "COPY t TO '{new}'",
        "SELECT * FROM query('COPY t TO ''{new}''')",
        "EXPORT DATABASE '{new}'",
        "ATTACH '{new}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "SELECT * FROM enable_profiling()",
        "CREATE TABLE u AS SELECT 1",
        "DROP TABLE t",
        "DELETE FROM t",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE COPY t TO '{new}'",
        "SELECT * FROM answer",
        "",
        "-- nothing",
        "SELECT",
    ],
)
def test_and_does_nothing_else(database: Database, tmp_path: Path, sql: str) -> None:
    answer = {"a": np.array([1])}  # a variable that SQL must not see
    there, new = tmp_path / "there.csv", tmp_path / "new"
    there.write_text("secret\n1\n")
    with pytest.raises(InputError, match=r"^query: "):
        database.ask(sql.format(there=there, new=new))
    assert sorted(tmp_path.iterdir()) == [there]
    assert len(answer) == 1
    assert database.ask("SELECT count(*) FROM t").rows == [(2,)]


def test_files_with_a_pattern_in_their_name_are_not_taken_for_others(tmp_path: Path) -> None:
    for name, value in (("a[1].parquet", 1.0), ("a1.parquet", 2.0)):
        write_parquet(tmp_path / name, {"x": np.array([value])})
    with Database() as made:
        facts: dict[str, Column] = {"name": np.array(["bracket"], dtype=object)}
        made.add_files("t", [tmp_path / "a[1].parquet"], facts, {"x": (NUMBER, "x")})
        assert made.arrays("FROM t")["x"].tolist() == [1.0]
        assert made.arrays("FROM t SELECT name::VARCHAR AS name")["name"].tolist() == ["bracket"]


def test_a_trace_with_other_columns_is_named(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", {"x": np.array([1.0])})
    with Database() as made, pytest.raises(DataError, match="traces of t: cannot be read"):
        made.add_files("t", [tmp_path / "a.parquet"], {}, {"y": (NUMBER, "y")})
