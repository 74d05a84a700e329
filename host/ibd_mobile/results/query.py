"""Trace arrays to Parquet and back, and SQL over archives; the only place that imports duckdb."""

import glob
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import duckdb
import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError, HostError, InputError
from ibd_mobile.core.file import write_atomic

Column: TypeAlias = NDArray[Any]  #: (n,) int64, float64 or text
ColumnType: TypeAlias = str  #: one of these, as SQL calls them
TEXT, WHOLE, NUMBER, TRUTH = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"

_KINDS = {"i": np.int64, "u": np.int64, "f": np.float64}


def write_parquet(path: Path, columns: Mapping[str, Column]) -> None:
    """File columns of one length as Parquet, whole or not at all.

    The same columns give the same bytes under the same version of duckdb; another version may
    compress differently and signs its name in the file, so compare content, not hashes.

    Args:
        path: replaced if it is there; its folder is made.
        columns: name -> (n,) whole numbers, floats or text; at least one column, n >= 0. NaN is
            filed as NULL. Names carry their unit.

    Raises:
        HostError: no space, no right.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "power.parquet"
    ...     write_parquet(path, {"t_ns": np.array([0, 10]), "power_w": np.array([1.5, 2.5])})
    ...     read_parquet(path)["power_w"].tolist()
    [1.5, 2.5]
    """
    table = {name: _typed(name, column) for name, column in columns.items()}
    if len({len(column) for column in table.values()}) != 1:
        raise ValueError(f"columns of {path.name} are none or differ in length")
    try:
        with tempfile.TemporaryDirectory(prefix="ibd-mobile-") as folder:
            draft = Path(folder) / "draft.parquet"
            with _connection() as connection:
                connection.register("columns", table)
                connection.table("columns").write_parquet(str(draft), compression="zstd")
            write_atomic(path, draft.read_bytes())
    except (OSError, duckdb.IOException) as error:
        remedy = "Free space there and in the folder for temporary files, or see who may write."
        raise HostError(str(path), f"cannot be written: {error}", remedy) from error


def read_parquet(path: Path) -> dict[str, Column]:
    """Read the columns that `write_parquet` filed, in their order.

    Returns:
        name -> (n,) int64, float64 (NULL is NaN) or text as objects.

    Raises:
        DataError: missing, damaged, or with columns of another kind.
    """
    try:
        with _connection() as connection:
            # A path is a glob pattern to duckdb: unescaped, "a[1].parquet" would read a1.parquet.
            pattern = glob.escape(str(path.absolute()))
            reply = connection.execute("SELECT * FROM read_parquet(?)", [pattern])
            found: dict[str, Any] = reply.fetchnumpy()
    except duckdb.Error as error:
        fact = str(error).partition("\n")[0]
        remedy = "Make the traces again from raw/ with `ibd-mobile reparse`."
        raise DataError(str(path), f"cannot be read: {fact}", remedy) from error
    return {name: _plain(path, name, column) for name, column in found.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave."""

    names: list[str]
    rows: list[tuple[Any, ...]]


class Database:
    """Tables in memory. Once `lock` was called it answers questions and does nothing else.

    A question is one SELECT (or EXPLAIN). It reaches no file, no other database, no extension, no
    variable of this program and no setting: files are read before the lock.
    """

    def __init__(self) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "python_enable_replacements": "false",
                "autoload_known_extensions": "false",
                "autoinstall_known_extensions": "false",
            },
        )

    def add(
        self, name: str, schema: Mapping[str, ColumnType], columns: Mapping[str, Column]
    ) -> None:
        """Make a table of columns of one length; NaN becomes NULL."""
        listed = ", ".join(f'"{column}" {kind}' for column, kind in schema.items())
        self._connection.execute(f'CREATE TABLE "{name}" ({listed})')
        if any(len(column) for column in columns.values()):
            self._connection.register("incoming", dict(columns))
            self._connection.execute(f'INSERT INTO "{name}" FROM incoming')
            self._connection.unregister("incoming")

    def add_files(
        self,
        name: str,
        paths: Sequence[Path],
        facts: Mapping[str, Column],
        numbers: Mapping[str, tuple[ColumnType, str]],
    ) -> None:
        """Make a table of all rows of many Parquet files.

        Args:
            name: of the table.
            paths: Parquet files with the same columns; none is an empty table.
            facts: column -> (n,) text, what is known of each file.
            numbers: column -> its type, and what it is made of: an expression of the files'
                columns and of `number`, the row within its file.

        Raises:
            DataError: a file is damaged or has other columns.
        """
        kinds = {**dict.fromkeys(facts, TEXT), **{n: kind for n, (kind, _) in numbers.items()}}
        if not paths:
            self.add(name, kinds, {})
            return
        texts = [str(path.absolute()) for path in paths]
        self._connection.register("incoming", {"file": np.array(texts, dtype=object), **facts})
        # A row's text takes a few bytes as one of an ENUM.
        told = [f'"{column}"::"{name}_{column}" AS "{column}"' for column in facts]
        made = [f'({text})::{kind} AS "{column}"' for column, (kind, text) in numbers.items()]
        try:
            for column in facts:
                values = f'FROM incoming SELECT DISTINCT "{column}" ORDER BY ALL'
                self._connection.execute(f'CREATE TYPE "{name}_{column}" AS ENUM ({values})')
            self._connection.execute(
                f'CREATE TABLE "{name}" AS FROM (FROM read_parquet(?, filename = true,'
                " file_row_number = true) SELECT *, file_row_number AS number)"
                f" JOIN incoming ON filename = file SELECT {', '.join([*told, *made])}",
                [[glob.escape(text) for text in texts]],
            )
        except duckdb.Error as error:
            fact = str(error).partition("\n")[0]
            remedy = "Make the traces again from raw/ with `ibd-mobile reparse`."
            raise DataError(f"traces of {name}", f"cannot be read: {fact}", remedy) from error
        finally:
            self._connection.unregister("incoming")

    def show(self, name: str, schema: Mapping[str, ColumnType], parts: Sequence[str]) -> None:
        """Show tables with the same columns as one, under another name."""
        told = ", ".join(f'"{column}"::{kind} AS "{column}"' for column, kind in schema.items())
        union = " UNION ALL ".join(f'(FROM "{part}" SELECT {told})' for part in parts)
        self._connection.execute(f'CREATE VIEW "{name}" AS {union}')

    def arrays(self, sql: str) -> dict[str, Column]:
        """Answer a question of our own with columns instead of rows; text has missing as None."""
        found: dict[str, Any] = self._connection.execute(sql).fetchnumpy()
        return {name: _whole(column) for name, column in found.items()}

    def lock(self) -> None:
        """Give up every right but that to answer."""
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def ask(self, sql: str) -> Answer:
        """Answer a question.

        Raises:
            InputError: it is not one question that can be answered from the tables.
        """
        try:
            kinds = [statement.type.name for statement in duckdb.extract_statements(sql)]
            if len(kinds) != 1 or kinds[0] not in ("SELECT", "EXPLAIN"):
                told = ", ".join(kinds) or "nothing"
                remedy = "Archives are only read: ask with one SELECT."
                raise InputError("query", f"is no single SELECT but {told}", remedy)
            reply = self._connection.execute(sql)
            return Answer([column[0] for column in reply.description or ()], reply.fetchall())
        except duckdb.Error as error:
            lines = str(error).splitlines()
            remedy = "Tables: jobs, metrics, findings, inferences, samples; see DESCRIBE jobs."
            raise InputError("query", lines[0], "\n  ".join([*lines[1:], remedy])) from error

    def close(self) -> None:
        """Forget all tables."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _whole(column: Any) -> Column:
    """Fill what is masked: NaN among floats; elsewhere nothing of ours is."""
    is_masked = isinstance(column, np.ma.MaskedArray)
    return np.asarray(column.filled(np.nan) if is_masked else column)


def _connection() -> duckdb.DuckDBPyConnection:
    # One thread: with more, the order in which row groups end up in the file is not fixed.
    return duckdb.connect(":memory:", config={"threads": 1})


def _typed(name: str, column: Column) -> Column:
    if column.ndim != 1:
        raise ValueError(f"column {name} has {column.ndim} dimensions, not 1")
    if column.dtype.kind in _KINDS:
        return np.ascontiguousarray(column, dtype=_KINDS[column.dtype.kind])
    if column.dtype.kind == "U" or all(isinstance(entry, str) for entry in column):
        return column.astype(str)
    raise ValueError(f"column {name} is {column.dtype}, not whole numbers, floats or text")


def _plain(path: Path, name: str, column: Any) -> Column:
    is_masked = isinstance(column, np.ma.MaskedArray)
    if column.dtype.kind == "f":
        return np.asarray(column.filled(np.nan) if is_masked else column, dtype=np.float64)
    if column.dtype.kind in _KINDS and not is_masked:
        return np.asarray(column, dtype=np.int64)
    if column.dtype == object and not is_masked:
        return np.asarray(column)
    remedy = "It was not made by this program; make the traces again with `ibd-mobile reparse`."
    raise DataError(str(path), f"has a column '{name}' of a kind no trace has", remedy)
