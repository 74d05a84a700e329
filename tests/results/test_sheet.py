import time
from pathlib import Path
from typing import Any

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results.sheet import sheets, told_without
from ibd_mobile.results.table import Row, rows

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
ROWS = rows(msgspec.convert(EXAMPLE["records"], list[Record]))
replace = msgspec.structs.replace


def _changed(row: Row, **changes: Any) -> Row:
    return replace(row, job=replace(row.job, **changes))


def test_what_all_rows_share_is_said_once_and_the_rest_is_their_label() -> None:
    (sheet,) = sheets(ROWS)
    assert sheet.labels == ("float32 ×1", "float32 ×4", "int8 ×1")
    assert (
        sheet.shared == "shapes_classifier · trained with tensorflow · litert/cpu · batch 1 · 32 px"
    )


def test_repetitions_are_told_apart_by_their_number() -> None:
    twice = [replace(row, repetition=n) for row in ROWS[:2] for n in (1, 2)]
    (sheet,) = sheets(twice)
    assert sheet.labels == tuple(f"×{t} repetition {n}" for t in (1, 4) for n in (1, 2))
    (sheet,) = sheets([*twice[:2], ROWS[1]])
    assert sheet.labels == ("×1 repetition 1", "×1 repetition 2", "×4")


def test_beside_one_variable_rows_are_told_apart_by_the_others() -> None:
    assert told_without(ROWS, "precision") == ["×1", "×4", "×1"]
    assert told_without(ROWS, "threads") == ["float32", "float32", "int8"]
    assert told_without(ROWS[:2], "threads") == ["", ""]
    twice = [replace(ROWS[0], repetition=n) for n in (1, 2)]
    assert told_without([*twice, ROWS[1]], "batch") == ["×1", "×1", "×4"]


def test_a_row_alone_shares_everything() -> None:
    (sheet,) = sheets(ROWS[:1])
    assert sheet.labels == ("value",)
    assert "float32 · litert/cpu · 1 thread · batch 1" in sheet.shared
    (sheet,) = sheets(ROWS[1:2])
    assert "litert/cpu · 4 threads" in sheet.shared


def test_rows_that_read_alike_are_told_apart_by_their_artifact_or_their_job() -> None:
    other = _changed(ROWS[0], artifact_sha256="f" * 64)
    (sheet,) = sheets([ROWS[0], other])
    assert sheet.labels == (ROWS[0].job.artifact_sha256[:8], "ffffffff")
    (sheet,) = sheets([ROWS[0], replace(ROWS[0], job_ids={"measure": "0123456789ab"})])
    assert len(set(sheet.labels)) == 2


def test_another_device_slot_phone_or_protocol_is_another_sheet() -> None:
    changed = [
        _changed(ROWS[0], slot="other"),
        _changed(ROWS[0], protocol="ibd"),
        replace(ROWS[0], hardware=replace(ROWS[0].hardware, serial="other")),
    ]
    assert len(sheets([ROWS[0], *changed, ROWS[1]])) == 4


def test_the_heading_names_hardware_rules_and_what_is_simulated() -> None:
    (sheet,) = sheets(ROWS)
    assert "Snapdragon 855 (sd855)" in sheet.device
    assert "serial 127.0.0.1:46855" in sheet.device
    assert sheet.protocol == "Protocol quick: does NOT follow the paper's rules"
    assert sheet.simulated.startswith("SIMULATED: ")
    real = [replace(row, is_simulated=False, is_conforming=True) for row in ROWS]
    (sheet,) = sheets(real)
    assert sheet.simulated == ""
    assert sheet.protocol == "Protocol quick: follows the paper's rules"
    (sheet,) = sheets([real[0], *ROWS[1:]])
    assert sheet.simulated.startswith("SIMULATED (2 of 3 configurations): ")


def test_numbers_of_one_metric_share_a_prefix() -> None:
    (sheet,) = sheets(ROWS)
    assert {sheet.figure(row, "latency_s").unit for row in sheet.rows} == {"ms"}


def test_no_rows_make_no_sheet() -> None:
    assert sheets([]) == []


def test_each_application_has_a_table_of_its_own() -> None:
    detector = replace(ROWS[1], application="detection")
    first, second = sheets([ROWS[0], detector, ROWS[2]])
    assert first.rows == (ROWS[0], ROWS[2])
    assert second.rows == (detector,)
    assert first.columns[0].label == "top-1"
    assert second.columns[0].label == "mAP COCO"


def test_many_rows_are_laid_out_in_time_that_grows_with_them() -> None:
    records = msgspec.convert(EXAMPLE["records"], list[Record])[:2]

    def seconds(count: int) -> float:
        made = [
            replace(record, job=replace(record.job, threads=k + 1))
            for k in range(count)
            for record in records
        ]
        start_s = time.process_time()
        (sheet,) = sheets(rows(made))
        for row in sheet.rows:
            sheet.figure(row, "latency_s")
        return time.process_time() - start_s

    seconds(50)
    assert seconds(2000) < 40 * seconds(200)  # ten times as many; a square would be 100 times
