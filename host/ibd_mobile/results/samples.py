"""What the sampler recorded: sensor readings, the program's printed lines, its own account."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core import units
from ibd_mobile.core.device import Noun, Sensor
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.trace import SensorTrace
from ibd_mobile.results import document

_REMEDY = "Measure the job again with `ibd-mobile resume`."
_HEAD = re.compile(r"#ibd_sampler 1 nonce=(\S*) boot_id=(\S*) period_ns=(\d+)")
_SAMPLES_END = re.compile(rb"#end rows=(\d+) missed=(\d+) sha256=([0-9a-f]{64})")
_CHILD_END = re.compile(rb"#end lines=(\d+) sha256=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Samples:
    """All readings of one job."""

    traces: list[SensorTrace]  #: SI units; a reading that failed is NaN
    texts: dict[str, list[tuple[int, str]]]  #: sensor id -> (boot time ns, word), failures left out
    errors: dict[str, dict[str, int]]  #: sensor id -> error name -> how many reads
    deadline_ns: NDArray[np.int64]  #: (rows,) when each row was due, boot time
    first_read_ns: NDArray[np.int64]  #: (rows,) when its first read was done; deadline if no sensor
    period_ns: int  #: between deadlines
    boot_id: str
    rows: int
    missed: int  #: deadlines that passed without a row
    is_complete: bool

    def trace(self, quantity: str, site: str) -> SensorTrace | None:
        """Return the first trace of a quantity at a site, if there is one."""
        return next((t for t in self.traces if (t.quantity, t.site) == (quantity, site)), None)


class NodeAccount(Noun, frozen=True, kw_only=True):
    """How reading one node went."""

    name: str
    path: str
    reads: int
    errors: int
    first_error: str | None
    vanished: bool


class ResourceUse(Noun, frozen=True, kw_only=True):
    """What the measured program used, as the kernel counted."""

    user_ns: int
    system_ns: int
    max_rss_bytes: int
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int


class SamplerSummary(Noun, frozen=True, kw_only=True):
    """The sampler's own account, written last: its presence means that the recording ended."""

    schema: Literal[1]
    nonce: str
    version: str
    boot_id: str
    start_ns: int
    child_start_ns: int | None  #: None: there was no program to start, or it could not be started
    child_end_ns: int | None
    end_ns: int
    child_exit_code: int | None
    child_signal: int | None
    status: int
    rusage: ResourceUse | None
    rows: int
    missed_deadlines: int
    sampler_cpu_ns: int
    nodes: list[NodeAccount]
    samples_sha256: str
    child_sha256: str


def read_samples(path: Path, sensors: Sequence[Sensor], nonce: str) -> Samples:
    """Read samples.tsv into traces in SI units.

    A file without its last line is of a phone that died: whole rows are kept.

    Args:
        path: the file as it came from the machine.
        sensors: those that were sampled; a column is named by a sensor's id.
        nonce: what the session called this execution.

    Raises:
        DataError: of another execution, damaged, or a column that no sensor explains.
    """
    lines, end = _sealed_lines(path, _SAMPLES_END)
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None or len(lines) < 2 or not lines[1].startswith("#columns"):
        raise DataError(str(path), "does not begin as samples do", _REMEDY)
    if head[1] != nonce:
        raise DataError(str(path), "line 1: is of another execution", _REMEDY)
    by_id = {sensor.id: sensor for sensor in sensors}
    names = lines[1].removeprefix("#columns").split()
    for name in names:
        if name not in by_id:
            raise DataError(str(path), f"line 2: no sensor is called '{name}'", _REMEDY)
    fields = _fields(path, lines[2:], width=1 + 2 * len(names))
    deadlines = _times(path, fields[0])
    if (np.diff(deadlines) <= 0).any():
        raise DataError(str(path), "has a row that was due before the one above it", _REMEDY)
    rows, period_ns = deadlines.size, int(head[3])
    if end is not None and int(end[1]) != rows:
        raise DataError(str(path), f"holds {rows} rows, not {int(end[1])}", _REMEDY)
    columns = [
        (by_id[name], _times(path, fields[2 * k + 1]), fields[2 * k + 2])
        for k, name in enumerate(names)
    ]
    return Samples(
        traces=[_trace(s, t_ns, words) for s, t_ns, words in columns if s.unit != "text"],
        texts={s.id: _words(t_ns, words) for s, t_ns, words in columns if s.unit == "text"},
        errors={s.id: _errors(words) for s, _, words in columns},
        deadline_ns=deadlines,
        first_read_ns=columns[0][1] if columns else deadlines,
        period_ns=period_ns,
        boot_id=head[2],
        rows=rows,
        missed=int(end[2]) if end is not None else _skipped(deadlines, period_ns),
        is_complete=end is not None,
    )


def read_child(path: Path) -> list[tuple[int, str]]:
    """Read the lines that the measured program printed.

    Returns:
        (boot time in ns, line) in the order of printing.

    Raises:
        DataError: damaged.
    """
    lines, end = _sealed_lines(path, _CHILD_END)
    if end is not None and int(end[1]) != len(lines):
        raise DataError(str(path), f"holds {len(lines)} lines, not {int(end[1])}", _REMEDY)
    printed = []
    for number, line in enumerate(lines, 1):
        t_ns, tab, text = line.partition("\t")
        if not tab or not t_ns.isdecimal():
            raise DataError(str(path), f"line {number}: has no time", _REMEDY)
        printed.append((int(t_ns), text))
    return printed


def read_summary(path: Path) -> SamplerSummary:
    """Read sampler.json.

    Raises:
        DataError: missing, damaged, or its times go backwards.
    """
    summary = document.read(path, SamplerSummary, remedy=_REMEDY)
    times = (summary.start_ns, summary.child_start_ns, summary.child_end_ns, summary.end_ns)
    known = [t for t in times if t is not None]
    if known != sorted(known):
        raise DataError(str(path), "its times go backwards", _REMEDY)
    return summary


def _sealed_lines(
    path: Path, ending: re.Pattern[bytes]
) -> tuple[list[str], re.Match[bytes] | None]:
    """Split a file that closes with a hash of itself; without the seal only whole lines count."""
    content = document.read_plain(path, remedy=_REMEDY)
    whole = content[: content.rfind(b"\n") + 1]
    start = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    end = ending.fullmatch(whole[start:-1])
    if end is None:
        if whole[start:].startswith(b"#end"):
            raise DataError(str(path), "has a last line that is not understood", _REMEDY)
        return _text(whole), None
    if hashlib.sha256(whole[:start]).hexdigest().encode() != end[end.re.groups]:
        raise DataError(str(path), "is not what its hash says", _REMEDY)
    if len(whole) != len(content):
        raise DataError(str(path), "goes on after its last line", _REMEDY)
    return _text(whole[:start]), end


def _text(content: bytes) -> list[str]:
    # A node may hold any bytes, and a program may print them; a line must not be lost for that.
    return content.decode("utf-8", errors="replace").split("\n")[:-1]


def _fields(path: Path, lines: list[str], width: int) -> list[tuple[str, ...]]:
    """Split rows and turn them into columns."""
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, 3):
        if len(row) != width:
            problem = f"line {number}: has {len(row)} fields, not {width}"
            raise DataError(str(path), problem, _REMEDY)
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _times(path: Path, words: tuple[str, ...]) -> NDArray[np.int64]:
    try:
        return np.array([int(word) for word in words], np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(str(path), f"has a time that is none: {error}", _REMEDY) from error


def _skipped(deadline_ns: NDArray[np.int64], period_ns: int) -> int:
    """Count the deadlines that have no row, where the sampler could not say it."""
    if deadline_ns.size < 2 or not period_ns:
        return 0
    due = int(deadline_ns[-1] - deadline_ns[0]) // period_ns + 1
    return max(due - deadline_ns.size, 0)


def _trace(sensor: Sensor, t_ns: NDArray[np.int64], words: tuple[str, ...]) -> SensorTrace:
    try:
        value = np.array(words, np.float64)
    except ValueError:
        value = np.array([_number(word) for word in words], np.float64)
    si = value * units.factor(sensor.unit)
    return SensorTrace(sensor.id, sensor.quantity, sensor.site, t_ns, si)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _words(t_ns: NDArray[np.int64], words: tuple[str, ...]) -> list[tuple[int, str]]:
    pairs = zip(t_ns.tolist(), words, strict=True)
    return [(t, word) for t, word in pairs if not word.startswith("!")]


def _errors(words: tuple[str, ...]) -> dict[str, int]:
    return dict(sorted(Counter(word[1:] for word in words if word.startswith("!")).items()))
