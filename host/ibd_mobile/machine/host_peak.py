"""How fast this computer's processor could be, found out by running nothing but multiply-adds.

No data sheet covers every computer, and clocks of virtual machines are anybody's guess. So
`ibd_peak` runs the widest multiply-add instructions over registers alone, one thread a core: the
same definition as the catalog's peaks, operations per cycle times clock, with the clock that this
computer gives to all its cores at once. No network can pass it but by doing fewer operations.
"""

import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import platformdirs

from ibd_mobile.core.device import Noun, Peak, Precision, Processor
from ibd_mobile.core.errors import RunError
from ibd_mobile.core.file import sha256_of, write_atomic
from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import Link
from ibd_mobile.machine.host_cpu import pick_cores

_TIMEOUT_S = 60.0
#: matrix tiles are not measured, and are many times faster
_TILES = ("amx_bf16", "amx_int8", "amx_fp16")


class Measured(Noun, frozen=True, kw_only=True):
    """A line of `ibd_peak`."""

    precision: Precision
    isa: str
    ops_per_s: float


class _Kept(Noun, frozen=True, kw_only=True):
    """What was measured once on this computer."""

    schema: int
    measured: list[Measured]
    cores_count: int
    at: str  #: UTC, ISO 8601


def with_peaks(processor: Processor, link: Link, properties: Mapping[str, str]) -> Processor:
    """Return this computer's CPU with its peaks, measured at the first time and kept.

    Args:
        processor: as the catalog has it.
        link: this computer.
        properties: what it told of itself; other properties are another computer.

    Returns:
        The processor unchanged where nothing could be measured.
    """
    program = payload(f"linux-{platform.machine()}", "ibd_peak")
    if not program.is_file():
        return processor
    key = {k: v for k, v in properties.items() if k not in ("host.uid", "host.governor")}
    told = msgspec.json.encode([sorted(key.items()), pick_cores(), sha256_of(program)])
    name = f"{hashlib.sha256(told).hexdigest()[:24]}.json"
    path = Path(platformdirs.user_cache_dir("ibd-mobile")) / "peaks" / name
    kept = _read(path) or _measure(link, program, path)
    return _told(processor, kept, properties.get("host.isa", "")) if kept else processor


def _read(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None


def _measure(link: Link, program: Path, path: Path) -> _Kept | None:
    cores = pick_cores()
    words = [str(program), "--cpus", ",".join(map(str, cores))]
    try:
        lines = link.run(words, timeout_s=_TIMEOUT_S).output.splitlines()
        measured = [msgspec.json.decode(line, type=Measured) for line in lines]
    except (RunError, msgspec.MsgspecError):
        return None  # utilization is then «not available», with the catalog's reason
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = _Kept(schema=1, measured=measured, cores_count=len(cores), at=now)
    write_atomic(path, msgspec.json.encode(kept))
    return kept


def _told(processor: Processor, kept: _Kept, isa: str) -> Processor:
    has_tiles = any(name in isa.split() for name in _TILES)
    peaks = [
        Peak(
            precision=one.precision,
            ops_per_s=one.ops_per_s,
            status="measured",
            clock=f"as it runs with all {kept.cores_count} cores at work",
            source=f"ibd_peak, {kept.at}: {one.isa} instructions alone",
        )
        for one in kept.measured
        if not (has_tiles and one.precision != "float32")
    ]
    reason = (
        "its matrix tiles (AMX) are not measured, and are many times faster than what is"
        if has_tiles
        else f"no instructions of this CPU multiply and add faster at it ({isa or 'ISA not told'})"
    )
    return msgspec.structs.replace(processor, peaks=peaks, no_peak_reason=reason)
