"""A job's timeline as a Perfetto trace: slices for phases and inferences, counters for sensors.

The format is Protocol Buffers. Of it this file knows what it writes: the wire form and the numbers
of some fields of `perfetto/trace/trace_packet.proto` and `track_event/*.proto`.
"""

import struct
from collections.abc import Iterator

import numpy as np

from ibd_mobile.core.trace import InferenceTrace
from ibd_mobile.results.timeline import Series, Timeline

_VARINT, _DOUBLE, _BYTES = 0, 1, 2  # wire types
_CLOCK_BOOTTIME = 6
_SEQUENCE = 1
_SLICE_BEGIN, _SLICE_END, _COUNTER = 1, 2, 4
_INCREMENTAL_STATE_CLEARED = 1
_JOB, _PHASES, _INFERENCES, _FIRST_SERIES = 1, 2, 3, 10  # ids of tracks
#: unit as people write it
_UNITS = {"w": "W", "a": "A", "v": "V", "c": "°C", "hz": "Hz", "pct": "%", "c_charge": "C"}


def encode(timeline: Timeline) -> bytes:
    """Write the trace file of a job, to be opened in the Perfetto UI.

    Times are the device's boot time, as everywhere in the archive.
    """
    return b"".join(_message(1, packet) for packet in _packets(timeline))


def _packets(timeline: Timeline) -> Iterator[bytes]:
    yield _packet(
        _message(60, _track(_JOB, f"{timeline.record.job.title}, job {timeline.record.job_id}")),
        flags=_INCREMENTAL_STATE_CLEARED,
    )
    yield _packet(_message(60, _track(_PHASES, "phases", _JOB)))
    yield _packet(_message(60, _track(_INFERENCES, "inferences", _JOB)))
    yield from _job(timeline)
    for name, window in timeline.windows.items():
        yield from _slice(_PHASES, name, window.start_ns, window.end_ns)
    for trace in timeline.phases:
        yield from _inferences(trace)
    for number, series in enumerate(timeline.series):
        yield from _counter(_FIRST_SERIES + number, series)


def _job(timeline: Timeline) -> Iterator[bytes]:
    """One slice over the whole job, with what it is and what spoils it."""
    ends = [window.end_ns for window in timeline.windows.values()]
    ends += [int(one.t_ns[-1]) for one in timeline.series if len(one.t_ns)]
    record = timeline.record
    told: dict[str, str] = {
        "device": record.hardware.device_name,
        "phone": record.hardware.phone,
        "artifact_sha256": record.job.artifact_sha256,
        "protocol": record.job.protocol,
        "framework": f"{record.job.framework} {record.inference.version}",
        **{finding.id: f"{finding.measured}, {finding.limit}" for finding in record.findings},
    }
    notes = b"".join(
        _message(4, _text(10, name) + _text(6, value)) for name, value in told.items() if value
    )
    yield from _slice(_JOB, record.job.title, timeline.start_ns, max(ends, default=0), notes)


def _inferences(trace: InferenceTrace) -> Iterator[bytes]:
    pairs = zip(trace.start_ns.tolist(), trace.end_ns.tolist(), strict=True)
    for number, (start_ns, end_ns) in enumerate(pairs):
        yield from _slice(_INFERENCES, f"{trace.phase} {number}", start_ns, end_ns)


def _slice(
    track: int, name: str, start_ns: int, end_ns: int, notes: bytes = b""
) -> Iterator[bytes]:
    begin = _number(9, _SLICE_BEGIN) + _number(11, track) + _text(23, name) + notes
    yield _packet(_message(11, begin), start_ns)
    yield _packet(_message(11, _number(9, _SLICE_END) + _number(11, track)), end_ns)


def _counter(track: int, series: Series) -> Iterator[bytes]:
    unit = _UNITS.get(series.unit, series.unit)
    yield _packet(_message(60, _track(track, series.name, _JOB, unit)))
    head = _number(9, _COUNTER) + _number(11, track)
    is_read = np.isfinite(series.value)
    pairs = zip(series.t_ns[is_read].tolist(), series.value[is_read].tolist(), strict=True)
    for t_ns, value in pairs:
        yield _packet(_message(11, head + _double(44, value)), t_ns)


def _track(id: int, name: str, parent: int = 0, unit: str = "") -> bytes:
    """A TrackDescriptor; one with a unit is a counter's."""
    made = _number(1, id) + _text(2, name)
    made += _number(5, parent) if parent else b""
    return made + (_message(8, _text(6, unit)) if unit else b"")


def _packet(content: bytes, t_ns: int | None = None, flags: int = 0) -> bytes:
    made = b"" if t_ns is None else _number(8, t_ns) + _number(58, _CLOCK_BOOTTIME)
    made += _number(10, _SEQUENCE) + content
    return made + (_number(13, flags) if flags else b"")


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the highest bit says that more follow."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | _DOUBLE) + struct.pack("<d", value)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())
