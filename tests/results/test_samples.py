import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.samples import Samples, read_child, read_samples, read_summary

DEADLINES = [1_000_000_000 + 10_000_000 * k for k in range(4)]


@pytest.fixture
def sensors(make: Any) -> list[Any]:
    return [
        make.sensor("battery_current", "current", "uA"),
        make.sensor("battery_temperature", "temperature", "ddegC"),
        make.sensor("battery_status", "status", "text"),
        make.sensor("not_sampled", "voltage", "uV"),
    ]


COLUMNS = {
    "battery_current": ["250000", "!EACCES", "", "-1500"],
    "battery_temperature": ["271", "271", "272", "272"],
    "battery_status": ["Discharging", "Not charging", "!EIO", "Full"],
}


def read(path: Path, content: bytes, sensors: list[Any], nonce: str) -> Samples:
    file = path / "samples.tsv"
    file.write_bytes(content)
    return read_samples(file, sensors, nonce)


def test_readings_are_in_si_units_and_failed_ones_are_no_numbers(
    tmp_path: Path, make: Any, sensors: list[Any]
) -> None:
    content = make.samples_text(COLUMNS, DEADLINES, missed=2)
    samples = read(tmp_path, content, sensors, make.nonce)
    current, temperature = samples.traces
    assert current.value[[0, 3]].tolist() == [0.25, -0.0015]
    assert np.isnan(current.value[[1, 2]]).all()
    assert temperature.value.tolist() == pytest.approx([27.1, 27.1, 27.2, 27.2])
    assert temperature.t_ns.tolist() == [t + 20_000 for t in DEADLINES]
    assert samples.texts["battery_status"] == [
        (DEADLINES[0] + 20_000, "Discharging"),
        (DEADLINES[1] + 20_000, "Not charging"),
        (DEADLINES[3] + 20_000, "Full"),
    ]
    assert samples.errors["battery_current"] == {"EACCES": 1}
    assert samples.errors["battery_status"] == {"EIO": 1}
    assert (samples.rows, samples.missed, samples.is_complete) == (4, 2, True)
    assert samples.trace("temperature", "battery") is temperature
    assert samples.trace("voltage", "battery") is None


def test_what_the_real_sampler_wrote_is_read(recordings: Path, make: Any) -> None:
    sensors = [
        make.sensor("battery_current", "current", "uA"),
        make.sensor("uptime", "level", "pct"),
        make.sensor("load", "status", "text"),
        make.sensor("process_limit", "level", "pct"),
    ]
    folder = recordings / "session"
    samples = read_samples(folder / "samples.tsv", sensors, "5e55")
    summary = read_summary(folder / "sampler.json")
    assert samples.is_complete
    assert samples.rows == summary.rows
    assert samples.boot_id == summary.boot_id
    assert samples.errors["battery_current"] == {"ENOENT": samples.rows}
    assert np.isnan(samples.traces[0].value).all()
    assert np.isfinite(samples.traces[2].value).all()
    assert len(samples.texts["load"]) == samples.rows
    assert (samples.first_read_ns >= samples.deadline_ns).all()
    assert [line for _, line in read_child(folder / "child.tsv")] == ["starting"]
    assert summary.child_exit_code == 0
    assert summary.rusage is not None


def test_a_recording_that_was_cut_keeps_its_whole_rows(
    tmp_path: Path, make: Any, sensors: list[Any]
) -> None:
    gap = [*DEADLINES[:2], *(t + 30_000_000 for t in DEADLINES[2:])]
    content = make.samples_text(COLUMNS, gap, is_sealed=False)
    samples = read(tmp_path, content[:-5], sensors, make.nonce)
    assert (samples.rows, samples.is_complete) == (3, False)
    assert samples.missed == 3  # counted from the deadlines, as the sampler could not tell


def test_a_recording_without_sensors_has_rows_all_the_same(tmp_path: Path, make: Any) -> None:
    samples = read(tmp_path, make.samples_text({}, DEADLINES), [], make.nonce)
    assert samples.traces == []
    assert samples.first_read_ns.tolist() == DEADLINES


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((b"nonce=0123abcd", b"nonce=eeee"), "is not what its hash says"),
        ((b"250000", b"250001"), "is not what its hash says"),
        ((b"rows=4", b"rows=5"), "holds 4 rows, not 5"),
        ((b"#end rows", b"#end rowdies"), "last line that is not understood"),
        ((b"#ibd_sampler 1", b"#ibd_sampler 2"), "is not what its hash says"),
    ],
)
def test_a_changed_recording_is_refused(
    tmp_path: Path, make: Any, sensors: list[Any], change: tuple[bytes, bytes], problem: str
) -> None:
    content = make.samples_text(COLUMNS, DEADLINES).replace(*change)
    with pytest.raises(DataError, match=problem) as caught:
        read(tmp_path, content, sensors, make.nonce)
    assert caught.value.subject.endswith("samples.tsv")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((b"nonce=0123abcd", b"nonce=eeee"), "line 1: is of another execution"),
        ((b"#ibd_sampler 1", b"#ibd_sampler 2"), "does not begin as samples do"),
        ((b"battery_status", b"battery_mood"), "line 2: no sensor is called 'battery_mood'"),
        ((b"\t250000\t", b"\t"), "line 3: has 6 fields, not 7"),
        ((b"1000020000", b"soon"), "a time that is none"),
        ((b"1010000000\t", b"990000000\t"), "due before the one above"),
    ],
)
def test_an_unsealed_recording_is_checked_line_by_line(
    tmp_path: Path, make: Any, sensors: list[Any], change: tuple[bytes, bytes], problem: str
) -> None:
    content = make.samples_text(COLUMNS, DEADLINES, is_sealed=False).replace(*change)
    with pytest.raises(DataError, match=problem):
        read(tmp_path, content, sensors, make.nonce)


def test_printed_lines_come_with_their_time_whatever_bytes_they_hold(tmp_path: Path) -> None:
    file = tmp_path / "child.tsv"
    file.write_bytes(b"17\tloading\n18\ta\tb \xff\n19\t\n20\tto")
    assert read_child(file) == [(17, "loading"), (18, "a\tb \ufffd"), (19, "")]
    file.write_bytes(b"loading\n")
    with pytest.raises(DataError, match="line 1: has no time"):
        read_child(file)


def test_a_summary_whose_times_go_backwards_is_refused(tmp_path: Path, recordings: Path) -> None:
    content = (recordings / "session" / "sampler.json").read_bytes()
    file = tmp_path / "sampler.json"
    file.write_bytes(content.replace(b'"child_start_ns":2', b'"child_start_ns":9'))
    with pytest.raises(DataError, match="times go backwards"):
        read_summary(file)
    file.write_bytes(content.replace(b'"rows"', b'"lines"'))
    with pytest.raises(DataError, match="is damaged"):
        read_summary(file)


def test_a_word_that_is_no_number_does_not_stop_the_others(
    tmp_path: Path, make: Any, sensors: list[Any]
) -> None:
    columns = {"battery_current": ["1000000", "N/A", "2000000", "nan"]}
    value = (
        read(tmp_path, make.samples_text(columns, DEADLINES), sensors, make.nonce).traces[0].value
    )
    assert value[[0, 2]].tolist() == [1.0, 2.0]
    assert math.isnan(value[1])
    assert math.isnan(value[3])
