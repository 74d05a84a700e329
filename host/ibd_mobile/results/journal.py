"""The journal of a measured program: who it was, what it timed, and how it ended.

The program writes JSON Lines, each with a running hash: a line that was changed, moved, lost or
taken from another run breaks the chain and is refused. Only the very end may be torn, where the
phone died while writing; everything before is kept.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.trace import InferenceTrace
from ibd_mobile.results.document import read_plain

Phase = Literal["warmup", "latency", "transfers", "power", "dataset"]

_CHAIN_MARK = b',"chain":"'
_CHAIN_BYTES = len(_CHAIN_MARK) + 64 + len(b'"}')
_REMEDY = "Measure the job again with `ibd-mobile resume`."


class _Event(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event"
):
    """One line; its tag says which."""

    seq: int


class Begin(_Event, frozen=True, kw_only=True, tag="begin"):
    """The program started and found its model."""

    schema: Literal[1]
    program: str
    version: str
    nonce: str
    engine: str
    engine_version: str
    boot_id: str
    pid: int
    threads: int
    batch: int
    model_sha256: str
    model_bytes: int
    t_ns: int
    cpus: list[int] = []


class TensorInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input or output as the engine describes it."""

    name: str
    dtype: str
    shape: list[int]
    bytes: int


class Ready(_Event, frozen=True, kw_only=True, tag="ready"):
    """The engine has loaded the model; everything up to here is initialisation."""

    init_start_ns: int
    init_end_ns: int
    inputs: list[TensorInfo]
    outputs: list[TensorInfo]
    accelerator: str
    fully_accelerated: bool | None
    nodes: dict[str, int] = {}
    device: str = ""
    note: str = ""
    is_emulated: bool = False


class Output(_Event, frozen=True, kw_only=True, tag="output"):
    """A file of outputs that the program wrote."""

    name: str
    index: int
    file: str
    bytes: int
    sha256: str


class JournalError(_Event, frozen=True, kw_only=True, tag="error"):
    """What went wrong, in the program's own words."""

    code: int
    name: str
    message: str


class _PhaseBegin(_Event, frozen=True, kw_only=True, tag="phase_begin"):
    phase: Phase
    t_ns: int


class _Inferences(_Event, frozen=True, kw_only=True, tag="inferences"):
    phase: Phase
    first: int
    start_ns: list[int]
    end_ns: list[int]
    device_ns: list[int] | None = None


class _PhaseEnd(_Event, frozen=True, kw_only=True, tag="phase_end"):
    phase: Phase
    count: int
    start_ns: int
    end_ns: int
    cpu_ns: int
    waited_ns: int | None = None
    stolen_ns: int | None = None


class _End(_Event, frozen=True, kw_only=True, tag="end"):
    code: int
    lines: int


_Line = Begin | Ready | _PhaseBegin | _Inferences | _PhaseEnd | Output | JournalError | _End
_DECODER = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class Journal:
    """All that one measured program wrote down."""

    begin: Begin
    ready: Ready | None  #: None: it ended before the model was loaded
    phases: dict[str, InferenceTrace]  #: also a phase that was cut short
    cpu_ns: dict[str, int]  #: processor time of the phases that came to their end
    outputs: list[Output]
    error: JournalError | None
    end_code: int | None  #: exit status it announced; None: it never came to its end
    is_complete: bool
    waited_ns: dict[str, int] = field(default_factory=dict)  #: threads ready, but no processor
    #: of its processors' time, what the hypervisor gave to others
    stolen_ns: dict[str, int] = field(default_factory=dict)
    device_ns: dict[str, NDArray[np.int64]] = field(default_factory=dict)  #: (n,) by its own clock

    def whole_phase(self, name: str) -> InferenceTrace | None:
        """Return a phase that came to its end and holds at least one inference."""
        trace = self.phases.get(name)
        return trace if name in self.cpu_ns and trace is not None and trace.start_ns.size else None


def read_journal(path: Path, nonce: str) -> Journal:
    """Read a journal, and believe only what its chain of hashes proves.

    Args:
        path: the file as it came from the machine.
        nonce: what the session called this execution; a journal of another one is refused.

    Raises:
        DataError: missing; not of this execution; the chain is broken; a line is not understood;
            or times are impossible. The line is named.
    """
    content = read_plain(path, remedy=_REMEDY)
    whole, _, torn = content.rpartition(b"\n")
    reader = _Reader(str(path), nonce)
    if not whole:
        raise DataError(str(path), "holds no whole line", _REMEDY)
    for body in _chained_bodies(str(path), whole.split(b"\n"), nonce):
        reader.take(body)
    return reader.journal(is_torn=bool(torn))


def _chained_bodies(path: str, lines: list[bytes], nonce: str) -> list[bytes]:
    """Check the chain and return each line's JSON text without its closing brace."""
    bodies, chain = [], hashlib.sha256(nonce.encode()).digest()
    for number, line in enumerate(lines, 1):
        body, mark = line[:-_CHAIN_BYTES], line[-_CHAIN_BYTES:]
        chain = hashlib.sha256(chain + body).digest()
        if mark != _CHAIN_MARK + chain.hex().encode() + b'"}':
            problem = (
                f"line {number}: does not carry this execution's hash; the file was changed, or"
                " is of another execution"
                if number == 1
                else f"line {number}: the chain of hashes is broken"
            )
            raise DataError(path, problem, _REMEDY)
        bodies.append(body)
    return bodies


@dataclass
class _Reader:
    """What has been read so far, and the rules by which lines may follow one another."""

    path: str
    nonce: str
    line: int = 0
    last_ns: int = 0  #: nothing that follows may be earlier
    open_phase: str = ""
    begin: Begin | None = None
    ready: Ready | None = None
    chunks: dict[str, list[InferenceTrace]] = field(default_factory=dict)
    cpu_ns: dict[str, int] = field(default_factory=dict)
    waited_ns: dict[str, int] = field(default_factory=dict)
    stolen_ns: dict[str, int] = field(default_factory=dict)
    device_ns: dict[str, list[int]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    error: JournalError | None = None
    end_code: int | None = None

    def take(self, body: bytes) -> None:
        self.line += 1
        try:
            event = _DECODER.decode(body + b"}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._error(f"is not understood: {error}") from error
        self._require(event.seq == self.line - 1, f"has number {event.seq}")
        self._require(self.end_code is None, "follows the end")
        self._require(isinstance(event, Begin) == (self.line == 1), "is out of place")
        match event:
            case Begin():
                self._require(event.nonce == self.nonce, "is of another execution")
                self._advance(event.t_ns, "the program's start")
                self.begin = event
            case Ready():
                self._require(self.ready is None, "repeats the initialisation")
                self._advance(event.init_start_ns, "the start of the initialisation")
                self._advance(event.init_end_ns, "the end of the initialisation")
                self.ready = event
            case _PhaseBegin():
                self._begin_phase(event)
            case _Inferences():
                self._add_inferences(event)
            case _PhaseEnd():
                self._end_phase(event)
            case Output():
                self.outputs.append(event)
            case JournalError():
                self.error = event
            case _End():
                self._require(event.lines == self.line - 1, f"counts {event.lines} lines before it")
                self.end_code = event.code

    def _begin_phase(self, event: _PhaseBegin) -> None:
        self._require(self.ready is not None, "begins a phase before the model is loaded")
        self._require(not self.open_phase, f"begins {event.phase} within {self.open_phase}")
        self._require(event.phase not in self.chunks, f"repeats the phase {event.phase}")
        self._advance(event.t_ns, f"the start of {event.phase}")
        self.open_phase = event.phase
        self.chunks[event.phase] = []

    def _add_inferences(self, event: _Inferences) -> None:
        self._require(event.phase == self.open_phase, f"is not within {event.phase}")
        self._require(len(event.start_ns) == len(event.end_ns), "has starts without ends")
        on_device = event.device_ns
        if on_device is not None:
            self._require(len(on_device) == len(event.end_ns), "has device times without ends")
            self.device_ns.setdefault(event.phase, []).extend(on_device)
        known = sum(c.start_ns.size for c in self.chunks[event.phase])
        self._require(event.first == known, f"begins with inference {event.first}, not {known}")
        try:
            start, end = np.array(event.start_ns, np.int64), np.array(event.end_ns, np.int64)
        except OverflowError as error:
            raise self._error("has a time beyond 64 bits") from error
        if not start.size:
            return
        self._require(bool((end >= start).all()), "has an inference that ends before it starts")
        self._require(bool((start[1:] >= end[:-1]).all()), "has inferences that overlap")
        self._advance(int(start[0]), f"inference {event.first} of {event.phase}")
        self.last_ns = int(end[-1])
        self.chunks[event.phase].append(InferenceTrace(event.phase, start, end))

    def _end_phase(self, event: _PhaseEnd) -> None:
        self._require(event.phase == self.open_phase, f"ends {event.phase}, which is not open")
        trace = self._trace(event.phase)
        count = trace.start_ns.size
        self._require(event.count == count, f"counts {event.count} inferences, not {count}")
        if count:
            ends = int(trace.start_ns[0]), int(trace.end_ns[-1])
            self._require((event.start_ns, event.end_ns) == ends, "does not match its inferences")
        self._require(event.cpu_ns >= 0, "has a negative processor time")
        self.open_phase = ""
        self.cpu_ns[event.phase] = event.cpu_ns
        if event.waited_ns is not None:
            self.waited_ns[event.phase] = event.waited_ns
        if event.stolen_ns is not None:
            self.stolen_ns[event.phase] = event.stolen_ns

    def _trace(self, phase: str) -> InferenceTrace:
        none: NDArray[np.int64] = np.array([], np.int64)
        chunks = self.chunks[phase]
        return InferenceTrace(
            phase,
            np.concatenate([none, *(c.start_ns for c in chunks)]),
            np.concatenate([none, *(c.end_ns for c in chunks)]),
        )

    def _advance(self, t_ns: int, what: str) -> None:
        self._require(t_ns >= self.last_ns, f"puts {what} before what came earlier")
        self.last_ns = t_ns

    def _require(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise self._error(otherwise)

    def _error(self, problem: str) -> DataError:
        return DataError(self.path, f"line {self.line}: {problem}", _REMEDY)

    def journal(self, *, is_torn: bool) -> Journal:
        assert self.begin is not None  # noqa: S101 - the first line is one, or `take` raised
        return Journal(
            begin=self.begin,
            ready=self.ready,
            phases={phase: self._trace(phase) for phase in self.chunks},
            cpu_ns=self.cpu_ns,
            outputs=self.outputs,
            error=self.error,
            end_code=self.end_code,
            is_complete=self.end_code is not None and not is_torn,
            waited_ns=self.waited_ns,
            stolen_ns=self.stolen_ns,
            device_ns={phase: np.array(ns, np.int64) for phase, ns in self.device_ns.items()},
        )
