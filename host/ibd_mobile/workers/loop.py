"""The measuring loop of a host worker: the same phases, lines and hashes as native `ibd_bench`.

Stand-alone on purpose: the measured process loads nothing of this package but this file.
"""

import argparse
import contextlib
import ctypes
import gc
import hashlib
import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, Protocol

VERSION = "1.2.0"
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
    INTERNAL = 79
    DEVICE_LOST = 80


#: what libraries say when there is no memory left, in lower case
_NO_MEMORY = (
    "out of memory", "bad_alloc", "not enough memory", "can't allocate memory",
    "cannot allocate memory", "failed to allocate", "failed to create memory",
    "outofmemory", "alloc_failed", "allocation failed",
)  # fmt: skip
#: what they say when a processor left, or was reset, in the middle of the work, in lower case
_NO_DEVICE = (
    "gpu is lost", "fallen off the bus", "unspecified launch failure", "launch timed out",
    "device is lost", "devices unavailable", "uncorrectable ecc", "cuda failure 719",
    "cuda failure 46", "cuda failure 214", "cudaerrordevicesunavailable",
    "cudaerrorlaunchfailure", "cudaerroreccuncorrectable",
)  # fmt: skip


class Failure(Exception):
    """The worker ends with `status`, and the journal says `message`."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


def failure(error: BaseException, otherwise: Status) -> Failure:
    """Say what a library's error means: no memory, a lost device, or what the caller expects.

    Args:
        error: as the library raised it.
        otherwise: where neither memory nor device is to blame.
    """
    if isinstance(error, MemoryError):
        return Failure(Status.OUT_OF_MEMORY, str(error) or "there is not enough memory")
    message = str(error).strip() or type(error).__name__
    text = f"{type(error).__name__}: {message}".lower()
    if any(words in text for words in _NO_MEMORY):
        return Failure(Status.OUT_OF_MEMORY, message)
    if any(words in text for words in _NO_DEVICE):
        return Failure(Status.DEVICE_LOST, message)
    return Failure(otherwise, message)


@dataclass(frozen=True)
class TensorInfo:
    """One input or output as the engine made it."""

    name: str
    dtype: str
    shape: list[int]
    bytes: int


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


def seeded_bytes(tensors: list[TensorInfo], seed: int) -> bytes:
    """Make input bytes from a splitmix64 stream, one draw per element.

    The stream is that of Steele, Lea and Flood (OOPSLA 2014), with `seed` as its state. A draw
    x becomes float32 (x >> 40) · 2⁻²⁴ in [0, 1), or the top 8 bits as int8 or uint8, or
    (x >> 33) mod 2 as int32: the same in ibd_bench, bit for bit. On a host also float16
    (x >> 53) · 2⁻¹¹, bfloat16 (x >> 56) · 2⁻⁸ and int64 as int32.
    """
    import numpy as np

    step = 0x9E3779B97F4A7C15
    parts: list[bytes] = []
    drawn = 0
    for tensor in tensors:
        if tensor.dtype not in _WIDTHS:
            raise Failure(Status.INPUT_UNREADABLE, f"no seeded input for {tensor.dtype}")
        n = tensor.bytes // _WIDTHS[tensor.dtype]
        index = np.arange(drawn + 1, drawn + n + 1, dtype=np.uint64)
        drawn += n
        with np.errstate(over="ignore"):
            x = np.uint64(seed) + index * np.uint64(step)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        parts.append(_element_bytes(x, tensor.dtype))
    return b"".join(parts)


_WIDTHS = {
    "float32": 4, "int32": 4, "int8": 1, "uint8": 1, "float16": 2, "bfloat16": 2, "int64": 8
}  # fmt: skip


def _element_bytes(x: Any, dtype: str) -> bytes:
    """Turn draws, (n,) uint64, into the bytes of elements."""
    import numpy as np

    if dtype in ("float32", "float16", "bfloat16"):
        bits = {"float32": 24, "float16": 11, "bfloat16": 8}[dtype]
        real = (x >> np.uint64(64 - bits)).astype(np.float32) * np.float32(2.0**-bits)
        if dtype == "bfloat16":  # numpy has no such type: it is the upper half of a float32
            elements = (real.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
        else:
            elements = real.astype(dtype)
    elif dtype in ("int32", "int64"):
        elements = ((x >> np.uint64(33)) & np.uint64(1)).astype(dtype)
    else:
        elements = (x >> np.uint64(56)).astype(np.uint8)
    return bytes(elements.tobytes())


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
    args = _arguments()
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
    parser.add_argument("--cpus", type=_cpus, default=[])
    parser.add_argument("--option", type=_option, action="append", default=[])
    args = parser.parse_args()
    args.options = dict(args.option)
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


def _cpus(text: str) -> list[int]:
    """Read "0,2": the processors that the worker and all its threads keep to."""
    return [int(word) for word in text.split(",")]


def _option(text: str) -> tuple[str, str]:
    """Read KEY=VALUE, for the engine."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f'takes KEY=VALUE, not "{text}"')
    return key, value


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
    cpu_start_ns, lost_start = time.process_time_ns(), _lost()
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
    lost = _lost()
    journal.write(
        "phase_end",
        phase=phase,
        count=done,
        start_ns=first_ns,
        end_ns=last_ns,
        cpu_ns=cpu_ns,
        **_lost_between(lost_start, lost),
    )
    journal.sync()


def _lost() -> dict[str, int]:
    """Count what this process's threads lost to others until now, ns; what is not told is absent.

    `waited_ns`: they were ready to run but had no processor, the second number of schedstat.
    `stolen_ns`: the processors it keeps to were others' outside of this virtual machine.
    """
    found = {}
    with contextlib.suppress(OSError, ValueError, IndexError):
        threads = [p.read_text().split() for p in Path("/proc/self/task").glob("*/schedstat")]
        if threads:
            found["waited_ns"] = sum(int(words[1]) for words in threads)
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        ticks = stolen_ticks(Path("/proc/stat").read_text(), os.sched_getaffinity(0))
        found["stolen_ns"] = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return found


def stolen_ticks(stat: str, cpus: Iterable[int]) -> int:
    """Read how long processors were others' outside of this virtual machine, in the kernel's ticks.

    Args:
        stat: what /proc/stat says.
        cpus: numbers of the processors.

    Raises:
        IndexError: the kernel is older than that count.
    """
    names = {f"cpu{number}" for number in cpus}
    lines = [line.split() for line in stat.splitlines() if line.startswith("cpu")]
    return sum(int(words[8]) for words in lines if words[0] in names)


def _lost_between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return what was lost within a phase; nothing where a thread took its count along."""
    return {
        name: after[name] - count for name, count in before.items() if count <= after.get(name, -1)
    }


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
