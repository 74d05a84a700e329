"""The measuring loop of a host worker: the same phases, lines and hashes as native `ibd_bench`.

Stand-alone on purpose: the measured process loads nothing of this package but its worker's program,
this file, and the four beside it that this one is made of.
"""

import argparse
import ctypes
import gc
import hashlib
import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from ibd_mobile.workers.failure import Failure, Status, failure
from ibd_mobile.workers.lost_time import lost, lost_between
from ibd_mobile.workers.order import arguments
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

#: what a worker's program needs
__all__ = ["Failure", "Status", "TensorInfo", "failure", "main", "version"]

VERSION = "1.2.0"
_CHUNK = 65_536  #: inferences per journal line group; their times are held in memory made before
_clock_ns: Callable[[], int] = (
    (lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic_ns
)


class Engine(Protocol):
    """What a worker file gives to the loop.

    It may have besides:

    - `witness`, a dict that is written into the journal's `ready`: `nodes` (how many nodes of the
      network run where), `device` (what the processor calls itself), `note`, `is_emulated`;
    - `has_own_memory`, true for a processor to which data must be brought: `infer` works on what
      lies there and returns when all is done, `write` and `read` bring data there and back;
    - `device_ns()`, for a processor with a clock of its own: how long the last inference took by
      its events, ns.
    """

    inputs: list[TensorInfo]
    outputs: list[TensorInfo]
    fully_accelerated: bool | None

    def write(self, data: bytes) -> None:
        """Fill the inputs: their tensors' bytes one after the other."""

    def infer(self) -> None:
        """Run once; nothing else happens between the two clock reads."""

    def read(self) -> bytes:
        """Return the outputs: their tensors' bytes one after the other."""


Make = Callable[[argparse.Namespace], Engine]


class Journal:
    """JSON Lines with a running hash, as `docs/archive.md` describes."""

    def __init__(self, path: str, nonce: str) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise Failure(Status.JOURNAL_FAILED, f"{path}: {error.strerror}") from error
        self._chain = hashlib.sha256(nonce.encode()).digest()
        self.lines = 0

    def write(self, event: str, /, **facts: object) -> None:
        """Append one line."""
        body = json.dumps({"seq": self.lines, "event": event, **facts}, separators=(",", ":"))[:-1]
        self._chain = hashlib.sha256(self._chain + body.encode()).digest()
        line = f'{body},"chain":"{self._chain.hex()}"}}\n'.encode()
        while line:
            line = line[os.write(self._file, line) :]
        self.lines += 1

    def sync(self) -> None:
        """Bring all lines to the disk."""
        os.fsync(self._file)


def version(*distributions: str) -> str:
    """Return the version of the first distribution that is installed; "" where none is."""
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def main(engine_id: str, version: str, make: Make) -> int:
    """Measure as the command line says, and return the exit status.

    Args:
        engine_id: name in the journal.
        version: of the inference framework's library.
        make: opens the engine, the model loaded and its memory made.
    """
    args = arguments()
    try:
        journal = Journal(args.journal, args.nonce)
    except Failure as failed:
        print(f"worker: {failed}", file=sys.stderr)
        return failed.status
    status = Status.OK
    try:
        _measure(args, journal, engine_id, version, make)
    except Exception as error:  # noqa: BLE001 - whatever it is, the journal must tell it
        told = error if isinstance(error, Failure) else _unforeseen(error)
        status = told.status
        journal.write("error", code=int(status), name=status.name, message=str(told))
        print(f"worker: {told}", file=sys.stderr)
    journal.write("end", code=int(status), lines=journal.lines)
    journal.sync()
    return status


def _unforeseen(error: Exception) -> Failure:
    told = failure(error, Status.INTERNAL)
    if told.status is not Status.INTERNAL:
        return told
    traceback.print_exception(error)
    return Failure(told.status, f"{type(error).__name__}: {error}")


def _measure(
    args: argparse.Namespace, journal: Journal, engine_id: str, version: str, make: Make
) -> None:
    if args.cpus:  # before the library is loaded, whose threads inherit it
        os.sched_setaffinity(0, args.cpus)
    if "card" in args.options:  # and whose CUDA then sees this one as its first
        os.environ["CUDA_VISIBLE_DEVICES"] = args.options["card"]
    content, unreadable = _read(args.model)
    found = "" if content is None else hashlib.sha256(content).hexdigest()
    facts = {"model_sha256": found, "model_bytes": len(content or b""), "t_ns": _clock_ns()}
    journal.write("begin", **_beginning(args, engine_id, version), **facts)
    if content is None:
        raise Failure(Status.MODEL_UNREADABLE, unreadable)
    if found != args.model_sha256:
        raise Failure(Status.MODEL_HASH, f"{args.model} has SHA-256 {found}, not the job's")
    init_start_ns = _clock_ns()
    engine = make(args)
    init_end_ns = _clock_ns()
    journal.write(
        "ready",
        init_start_ns=init_start_ns,
        init_end_ns=init_end_ns,
        inputs=[asdict(t) for t in engine.inputs],
        outputs=[asdict(t) for t in engine.outputs],
        accelerator=args.accelerator,
        fully_accelerated=engine.fully_accelerated,
        **getattr(engine, "witness", {}),
    )
    journal.sync()
    outputs = _open_outputs(args.outputs) if args.outputs else None
    measure = _dataset if args.dataset else _phases
    records = measure(args, journal, engine)
    if outputs is not None:
        _write_outputs(journal, engine.outputs, outputs, records)


def _phases(args: argparse.Namespace, journal: Journal, engine: Engine) -> list[bytes]:
    """Run the three timed phases, and return the outputs."""
    data = seeded_bytes(engine.inputs, args.seed)
    engine.write(data)
    gc.collect()
    gc.disable()  # a collection among timed inferences would be ours, and would empty the caches
    if args.warmup:
        _phase(journal, engine, "warmup", args.warmup, 0.0)
    if args.runs:
        _phase(journal, engine, "latency", args.runs, 0.0)
    if args.runs and getattr(engine, "has_own_memory", False):
        _phase(journal, _WithTransfers(engine, data), "transfers", args.runs, 0.0)
    if args.power_s > 0:
        _phase(journal, engine, "power", 0, args.power_s)
    return [engine.read()]


class _WithTransfers:
    """An engine whose inference brings its inputs to the device and its outputs back."""

    def __init__(self, engine: Engine, data: bytes) -> None:
        self._engine, self._data = engine, data
        self.inputs, self.outputs = engine.inputs, engine.outputs
        self.fully_accelerated = engine.fully_accelerated
        self.write, self.read = engine.write, engine.read

    def infer(self) -> None:
        """Bring the inputs, run, and fetch the outputs."""
        self._engine.write(self._data)
        self._engine.infer()
        self._engine.read()


def _read(path: str) -> tuple[bytes | None, str]:
    """Return a file's content, or None and the reason."""
    try:
        return Path(path).read_bytes(), ""
    except OSError as error:
        return None, f"{path}: {error.strerror}"


def _beginning(args: argparse.Namespace, engine_id: str, version: str) -> dict[str, object]:
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot_id = ""
    pinned = {"cpus": sorted(os.sched_getaffinity(0))} if args.cpus else {}
    return {
        "schema": 1,
        "program": "ibd_mobile.workers",
        "version": VERSION,
        "nonce": args.nonce,
        "engine": engine_id,
        "engine_version": version,
        "boot_id": boot_id,
        "pid": os.getpid(),
        "threads": args.threads,
        "batch": args.batch,
        **pinned,
    }


class _Times:
    """Room for the times of one stretch of inferences, made before any of them runs."""

    def __init__(self, size: int, *, has_device_clock: bool) -> None:
        self.count = 0
        self.start_ns = (ctypes.c_int64 * size)()
        self.end_ns = (ctypes.c_int64 * size)()
        self.device_ns = (ctypes.c_int64 * size)() if has_device_clock else None

    def lines(self) -> dict[str, list[int]]:
        """Return what the journal is told."""
        told = {"start_ns": self.start_ns[: self.count], "end_ns": self.end_ns[: self.count]}
        if self.device_ns is not None:
            told["device_ns"] = self.device_ns[: self.count]
        return told


def _phase(journal: Journal, engine: Engine, phase: str, count: int, seconds: float) -> None:
    """Run `count` inferences, or as many as `seconds` hold, and write their times."""
    times = _Times(count or _CHUNK, has_device_clock=hasattr(engine, "device_ns"))
    journal.write("phase_begin", phase=phase, t_ns=_clock_ns())
    journal.sync()
    done, first_ns = 0, 0
    cpu_start_ns, lost_start = time.process_time_ns(), lost()
    deadline_ns = _clock_ns() + int(seconds * 1e9)
    while True:
        try:
            _fill(engine, times, deadline_ns if not count else None)
        finally:  # what was measured before a failure is not lost
            if times.count:
                journal.write("inferences", phase=phase, first=done, **times.lines())
        first_ns = first_ns or times.start_ns[0]
        done += times.count
        last_ns = times.end_ns[times.count - 1]
        if count or last_ns >= deadline_ns:
            break
    cpu_ns = time.process_time_ns() - cpu_start_ns
    journal.write(
        "phase_end",
        phase=phase,
        count=done,
        start_ns=first_ns,
        end_ns=last_ns,
        cpu_ns=cpu_ns,
        **lost_between(lost_start, lost()),
    )
    journal.sync()


def _fill(engine: Engine, times: _Times, deadline_ns: int | None) -> None:
    """Infer until the room is full or the deadline has passed."""
    infer, clock_ns = engine.infer, _clock_ns
    starts, ends, on_device = times.start_ns, times.end_ns, times.device_ns
    times.count = 0
    for i in range(len(starts)):
        start_ns = clock_ns()
        infer()
        end_ns = clock_ns()
        starts[i] = start_ns
        ends[i] = end_ns
        if on_device is not None:
            on_device[i] = engine.device_ns()  # type: ignore[attr-defined] # see Engine
        times.count = i + 1
        if deadline_ns is not None and end_ns >= deadline_ns:
            return


def _dataset(args: argparse.Namespace, journal: Journal, engine: Engine) -> list[bytes]:
    """Infer each record of a data set, and return the outputs."""
    record_bytes = sum(t.bytes for t in engine.inputs)
    _check_size(args.dataset, args.count, record_bytes)
    journal.write("phase_begin", phase="dataset", t_ns=_clock_ns())
    starts, ends, outputs = [], [], []
    cpu_start_ns = time.process_time_ns()
    for record in _records(args.dataset, args.count, record_bytes):
        engine.write(record)
        starts.append(_clock_ns())
        engine.infer()
        ends.append(_clock_ns())
        outputs.append(engine.read())
    cpu_ns = time.process_time_ns() - cpu_start_ns
    journal.write("inferences", phase="dataset", first=0, start_ns=starts, end_ns=ends)
    journal.write(
        "phase_end",
        phase="dataset",
        count=args.count,
        start_ns=starts[0],
        end_ns=ends[-1],
        cpu_ns=cpu_ns,
    )
    journal.sync()
    return outputs


def _check_size(path: str, count: int, record_bytes: int) -> None:
    try:
        found_bytes = Path(path).stat().st_size
    except OSError as error:
        raise Failure(Status.INPUT_UNREADABLE, f"{path}: {error.strerror}") from error
    if found_bytes != count * record_bytes:
        raise Failure(
            Status.INPUT_UNREADABLE,
            f"{path} has {found_bytes} bytes, not {count} × {record_bytes}",
        )


def _records(path: str, count: int, record_bytes: int) -> Iterator[bytes]:
    """Read a data set record by record: the whole of it may be larger than the memory."""
    try:
        with Path(path).open("rb") as file:
            for _ in range(count):
                yield file.read(record_bytes)
    except OSError as error:
        raise Failure(Status.INPUT_UNREADABLE, f"{path}: {error.strerror}") from error


def _open_outputs(folder: str) -> int:
    """Make the file of outputs before anything is measured, so that nothing is measured in vain."""
    path = Path(folder) / "outputs.bin"
    try:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise Failure(Status.OUTPUT_FAILED, f"{path}: {error.strerror}") from error


def _write_outputs(
    journal: Journal, tensors: Sequence[TensorInfo], handle: int, records: Sequence[bytes]
) -> None:
    """Write all outputs, and tell of each tensor its bytes over all records, as `ibd_bench`."""
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(records)
            file.flush()
            os.fsync(handle)
    except OSError as error:
        raise Failure(Status.OUTPUT_FAILED, f"outputs.bin: {error.strerror}") from error
    at = 0
    for index, tensor in enumerate(tensors):
        content = b"".join(record[at : at + tensor.bytes] for record in records)
        at += tensor.bytes
        journal.write(
            "output",
            name=tensor.name,
            index=index,
            file="outputs.bin",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
