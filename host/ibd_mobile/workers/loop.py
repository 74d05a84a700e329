"""The measuring loop of a host worker: the same phases, lines and hashes as native `ibd_bench`.

Stand-alone on purpose: the measured process loads nothing of this package but this file.
"""

import argparse
import ctypes
import gc
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import NoReturn, Protocol

VERSION = "1.0.0"
_CHUNK = 65_536  #: inferences per journal line group; their times are held in memory made before
_clock_ns: Callable[[], int] = (
    (lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic_ns
)


class Status(IntEnum):
    """Exit statuses; the same numbers as `PayloadStatus` in core/errors.py, held by a test."""

    OK = 0
    USAGE = 64
    MODEL_UNREADABLE = 65
    MODEL_HASH = 66
    INPUT_UNREADABLE = 67
    ENGINE_UNAVAILABLE = 68
    ACCELERATOR_UNAVAILABLE = 69
    MODEL_REFUSED = 70
    INFERENCE_FAILED = 71
    OUTPUT_FAILED = 72
    JOURNAL_FAILED = 73
    OUT_OF_MEMORY = 75


class Failure(Exception):
    """The worker ends with `status`, and the journal says `message`."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TensorInfo:
    """One input or output as the engine made it."""

    name: str
    dtype: str
    shape: list[int]
    bytes: int


class Engine(Protocol):
    """What a worker file gives to the loop."""

    inputs: list[TensorInfo]
    outputs: list[TensorInfo]
    fully_accelerated: bool | None

    def write(self, data: bytes) -> None:
        """Fill the inputs: their tensors' bytes one after the other."""

    def infer(self) -> None:
        """Run once; nothing else happens between the two clock reads."""

    def read(self) -> bytes:
        """Return the outputs: their tensors' bytes one after the other."""


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


def seeded_bytes(tensors: list[TensorInfo], seed: int) -> bytes:
    """Make input bytes from a splitmix64 stream, one draw per element.

    The stream is that of Steele, Lea and Flood (OOPSLA 2014), with `seed` as its state. A draw
    x becomes float32 (x >> 40) · 2⁻²⁴ in [0, 1), or the top 8 bits as int8 or uint8, or
    (x >> 33) mod 2 as int32: the same in ibd_bench, bit for bit.
    """
    import numpy as np

    step = 0x9E3779B97F4A7C15
    parts: list[bytes] = []
    drawn = 0
    for tensor in tensors:
        width = {"float32": 4, "int32": 4, "int8": 1, "uint8": 1}.get(tensor.dtype)
        if width is None:
            raise Failure(Status.INPUT_UNREADABLE, f"no seeded input for {tensor.dtype}")
        n = tensor.bytes // width
        index = np.arange(drawn + 1, drawn + n + 1, dtype=np.uint64)
        drawn += n
        with np.errstate(over="ignore"):
            x = np.uint64(seed) + index * np.uint64(step)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        if tensor.dtype == "float32":
            parts.append(((x >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)).tobytes())
        elif tensor.dtype == "int32":
            parts.append(((x >> np.uint64(33)) & np.uint64(1)).astype(np.int32).tobytes())
        else:
            parts.append((x >> np.uint64(56)).astype(np.uint8).tobytes())
    return b"".join(parts)


def main(engine_id: str, version: str, make: Callable[[argparse.Namespace], Engine]) -> int:
    """Measure as the command line says, and return the exit status.

    Args:
        engine_id: name in the journal.
        version: of the inference framework's library.
        make: opens the engine, the model loaded and its memory made.
    """
    args = _arguments()
    try:
        journal = Journal(args.journal, args.nonce)
    except Failure as failure:
        print(f"worker: {failure}", file=sys.stderr)
        return failure.status
    try:
        _measure(args, journal, engine_id, version, make)
        status = Status.OK
    except (Failure, MemoryError) as error:
        status = error.status if isinstance(error, Failure) else Status.OUT_OF_MEMORY
        message = str(error) or "there is not enough memory"
        journal.write("error", code=int(status), name=status.name, message=message)
        print(f"worker: {message}", file=sys.stderr)
    journal.write("end", code=int(status), lines=journal.lines)
    journal.sync()
    return status


class _Parser(argparse.ArgumentParser):
    """Ends with the status that `ibd_bench` would end with."""

    def error(self, message: str) -> NoReturn:
        print(f"worker: {message}", file=sys.stderr)
        sys.exit(Status.USAGE)


def _arguments() -> argparse.Namespace:
    """Read the command line, by the limits of device_payloads/bench/options.cc."""
    parser = _Parser(allow_abbrev=False)
    for name in ("--model", "--model-sha256", "--journal", "--nonce"):
        parser.add_argument(name, required=True)
    parser.add_argument("--accelerator", default="cpu")
    limits = (
        ("threads", 1, 1, 1024), ("batch", 1, 1, 1 << 20), ("warmup", 1, 0, 2**31 - 1),
        ("runs", 5, 0, 2**31 - 1), ("seed", 1, 0, 2**64 - 1), ("count", 0, 0, 2**31 - 1),
    )  # fmt: skip
    for name, default, _, _ in limits:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--power-s", type=float, default=0.0)
    parser.add_argument("--outputs")
    parser.add_argument("--dataset")
    args = parser.parse_args()
    for name, _, least, most in limits:
        if not least <= getattr(args, name) <= most:
            parser.error(f'--{name} cannot be "{getattr(args, name)}"')
    if not 0.0 <= args.power_s < 1e6:
        parser.error(f'--power-s cannot be "{args.power_s}"')
    if not args.nonce:
        parser.error("--nonce is empty")
    if bool(args.dataset) != (args.count > 0):
        parser.error("--dataset and --count go together")
    return args


def _measure(
    args: argparse.Namespace,
    journal: Journal,
    engine_id: str,
    version: str,
    make: Callable[[argparse.Namespace], Engine],
) -> None:
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
    )
    journal.sync()
    outputs = _open_outputs(args.outputs) if args.outputs else None
    measure = _dataset if args.dataset else _phases
    records = measure(args, journal, engine)
    if outputs is not None:
        _write_outputs(journal, engine.outputs, outputs, records)


def _phases(args: argparse.Namespace, journal: Journal, engine: Engine) -> list[bytes]:
    """Run the three timed phases, and return the outputs."""
    engine.write(seeded_bytes(engine.inputs, args.seed))
    if args.warmup:
        _phase(journal, engine, "warmup", args.warmup, 0.0)
    if args.runs:
        _phase(journal, engine, "latency", args.runs, 0.0)
    if args.power_s > 0:
        _phase(journal, engine, "power", 0, args.power_s)
    return [engine.read()]


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
    }


def _phase(journal: Journal, engine: Engine, phase: str, count: int, seconds: float) -> None:
    """Run `count` inferences, or as many as `seconds` hold, and write their times."""
    size = count or _CHUNK
    starts = (ctypes.c_int64 * size)()
    ends = (ctypes.c_int64 * size)()
    journal.write("phase_begin", phase=phase, t_ns=_clock_ns())
    journal.sync()
    gc.collect()
    gc.disable()  # a collection inside a timed inference would be ours, not the framework's
    done, first_ns, cpu_start_ns = 0, 0, time.process_time_ns()
    deadline_ns = _clock_ns() + int(seconds * 1e9)
    try:
        while True:
            filled = _fill(engine, starts, ends, deadline_ns if not count else None)
            first_ns = first_ns or starts[0]
            journal.write(
                "inferences",
                phase=phase,
                first=done,
                start_ns=starts[:filled],
                end_ns=ends[:filled],
            )
            done += filled
            if count or ends[filled - 1] >= deadline_ns:
                break
    finally:
        gc.enable()
    cpu_ns = time.process_time_ns() - cpu_start_ns
    journal.write(
        "phase_end",
        phase=phase,
        count=done,
        start_ns=first_ns,
        end_ns=ends[filled - 1],
        cpu_ns=cpu_ns,
    )
    journal.sync()


def _fill(
    engine: Engine,
    starts: "ctypes.Array[ctypes.c_int64]",
    ends: "ctypes.Array[ctypes.c_int64]",
    deadline_ns: int | None,
) -> int:
    """Infer until the arrays are full or the deadline has passed; return how many."""
    infer, clock_ns = engine.infer, _clock_ns
    for i in range(len(starts)):
        start_ns = clock_ns()
        infer()
        end_ns = clock_ns()
        starts[i] = start_ns
        ends[i] = end_ns
        if deadline_ns is not None and end_ns >= deadline_ns:
            return i + 1
    return len(starts)


def _dataset(args: argparse.Namespace, journal: Journal, engine: Engine) -> list[bytes]:
    """Infer each record of a data set, and return the outputs."""
    record_bytes = sum(t.bytes for t in engine.inputs)
    data, unreadable = _read(args.dataset)
    if data is None:
        raise Failure(Status.INPUT_UNREADABLE, unreadable)
    if len(data) != args.count * record_bytes:
        raise Failure(
            Status.INPUT_UNREADABLE,
            f"{args.dataset} has {len(data)} bytes, not {args.count} × {record_bytes}",
        )
    journal.write("phase_begin", phase="dataset", t_ns=_clock_ns())
    starts, ends, outputs = [], [], []
    cpu_start_ns = time.process_time_ns()
    for i in range(args.count):
        engine.write(data[i * record_bytes : (i + 1) * record_bytes])
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
