"""Trace arrays to Parquet and back; the only place that imports duckdb."""

import glob
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError, HostError
from ibd_mobile.core.file import write_atomic

Column: TypeAlias = NDArray[Any]  #: (n,) int64, float64 or text

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
