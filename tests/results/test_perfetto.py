import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ibd_mobile.core.trace import InferenceTrace, Window
from ibd_mobile.results.archive import Run
from ibd_mobile.results.perfetto import encode
from ibd_mobile.results.timeline import Series, Timeline, read

from .archived import archive
from .compared import FLOAT


def fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Read a message as the Protocol Buffers documentation describes its wire form."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = content[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(content):
        key = varint()
        match key & 7:
            case 0:
                yield key >> 3, varint()
            case 1:
                yield key >> 3, struct.unpack_from("<d", content, place)[0]
                place += 8
            case 2:
                size = varint()
                yield key >> 3, content[place : place + size]
                assert len(content) >= place + size
                place += size
            case wire:
                raise AssertionError(f"wire type {wire} is not used here")


def message(content: bytes) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for field, value in fields(content):
        found[field].append(value)
    return found


class Decoded:
    """What a reader makes of a trace; the numbers are those of Perfetto's .proto files."""

    def __init__(self, content: bytes) -> None:
        self.tracks: dict[int, str] = {}
        self.units: dict[int, str] = {}
        self.slices: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        self.counters: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.notes: dict[str, str] = {}
        open_slices: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for number, (field, packet) in enumerate(fields(content)):
            assert field == 1  # Trace.packet
            told = message(packet)
            assert told[10] == [1]  # trusted_packet_sequence_id
            assert (told[13] == [1]) == (number == 0)  # sequence_flags
            if 60 in told:
                self._track(message(told[60][0]))
            else:
                assert told[58] == [6]  # timestamp_clock_id: boot time
                self._event(told[8][0], message(told[11][0]), open_slices)
        assert not any(open_slices.values())

    def _track(self, told: dict[int, list[Any]]) -> None:
        (id,), (name,) = told[1], told[2]
        assert id not in self.tracks
        self.tracks[id] = name.decode()
        assert not told[5] or told[5][0] in self.tracks  # parent_uuid
        if told[8]:  # counter
            self.units[id] = message(told[8][0])[6][0].decode()

    def _event(self, t_ns: int, told: dict[int, list[Any]], open_slices: Any) -> None:
        (kind,), (id,) = told[9], told[11]
        track = self.tracks[id]
        if kind == 1:
            open_slices[id].append((told[23][0].decode(), t_ns))
            for note in map(message, told[4]):
                self.notes[note[10][0].decode()] = note[6][0].decode()
        elif kind == 2:
            name, start_ns = open_slices[id].pop()
            self.slices[track].append((name, start_ns, t_ns))
        else:
            assert kind == 4
            assert id in self.units
            self.counters[track].append((t_ns, told[44][0]))


TIMELINE = Timeline(
    record=FLOAT,
    windows={"latency": Window(2**40, 2**40 + 300), "idle after": Window(2**40 + 400, 2**40 + 500)},
    phases=[
        InferenceTrace(
            "latency",
            np.array([2**40, 2**40 + 100], np.int64),
            np.array([2**40 + 90, 2**40 + 300], np.int64),
        )
    ],
    series=[
        Series("power", "power", "battery", "w", np.array([5, 6, 7]), np.array([1.5, np.nan, -2])),
        Series("skin_temperature", "temperature", "skin", "c", np.array([9]), np.array([30.25])),
        Series("never", "temperature", "x", "c", np.array([], np.int64), np.array([])),
    ],
)


def test_a_trace_holds_what_the_timeline_holds() -> None:
    found = Decoded(encode(TIMELINE))
    assert found.slices["phases"] == [
        ("latency", 2**40, 2**40 + 300),
        ("idle after", 2**40 + 400, 2**40 + 500),
    ]
    assert found.slices["inferences"] == [
        ("latency 0", 2**40, 2**40 + 90),
        ("latency 1", 2**40 + 100, 2**40 + 300),
    ]
    assert found.counters == {"power": [(5, 1.5), (7, -2.0)], "skin_temperature": [(9, 30.25)]}
    assert {found.tracks[id]: unit for id, unit in found.units.items()} == {
        "power": "W", "skin_temperature": "°C", "never": "°C",
    }  # fmt: skip


def test_the_job_and_what_spoils_it_are_told_with_its_slice() -> None:
    found = Decoded(encode(TIMELINE))
    (track,) = [name for name in found.tracks.values() if FLOAT.job_id in name]
    ((name, start_ns, end_ns),) = found.slices[track]
    assert (name, start_ns, end_ns) == (FLOAT.job.title, 5, 2**40 + 500)
    assert found.notes["device"] == FLOAT.hardware.device_name
    assert {finding.id for finding in FLOAT.findings} <= set(found.notes)


def test_a_whole_job_of_the_archive_can_be_read_back(
    make: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run: Run = archive(tmp_path_factory.mktemp("perfetto"), make.Job())
    timeline = read(run, run.records()[0].job_id)
    found = Decoded(encode(timeline))
    assert len(found.slices["inferences"]) == 625
    for series in timeline.series:
        values = series.value[np.isfinite(series.value)].tolist()
        assert [value for _, value in found.counters[series.name]] == values


def test_perfettos_own_definitions_know_every_field() -> None:
    trace = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
    unknown = pytest.importorskip("google.protobuf.unknown_fields")
    made = trace.Trace()
    made.ParseFromString(encode(TIMELINE))
    for packet in made.packet:
        assert len(unknown.UnknownFieldSet(packet)) == 0
        assert len(unknown.UnknownFieldSet(packet.track_event)) == 0
    events = [p.track_event for p in made.packet if p.HasField("track_event")]
    assert {event.Type.Name(event.type) for event in events} == {
        "TYPE_SLICE_BEGIN", "TYPE_SLICE_END", "TYPE_COUNTER",
    }  # fmt: skip
