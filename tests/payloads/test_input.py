"""Where inputs come from: a seed, a file, a data set."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.splitmix import MASK, splitmix64

from .conftest import Bench


def fake_output(record: bytes, count: int, index: int = 0) -> bytes:
    """What the fake engine answers to one record of inputs."""
    state = 0xCBF29CE484222325 + index
    for byte in record:
        state = ((state ^ byte) * 0x100000001B3) & MASK
    return bytes(x >> 56 for x in splitmix64(state, count))


@pytest.mark.parametrize("seed", [0, 1234567, MASK])
def test_a_seed_gives_the_same_bytes_as_in_python(bench: Bench, seed: int) -> None:
    record = bytes(x >> 56 for x in splitmix64(seed, 16))
    assert bench("--seed", str(seed)).outputs == fake_output(record, 16)


def test_a_file_is_the_input(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "input.bin"
    path.write_bytes(bytes(range(16)))
    assert bench(input=path).outputs == fake_output(bytes(range(16)), 16)


def test_a_file_of_another_size_is_refused(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "input.bin"
    path.write_bytes(bytes(15))
    journal = bench(input=path)
    assert journal.exit_status == 67
    assert "has 15 bytes; one inference takes 16" in journal.of("error")[0]["message"]


def test_a_dataset_is_run_record_by_record(bench: Bench, tmp_path: Path) -> None:
    records = np.random.default_rng(5).integers(0, 256, (9, 16), dtype=np.uint8)
    path = tmp_path / "dataset.bin"
    path.write_bytes(records.tobytes())
    words = ("--count", "8", "--option", "latency_ns=0", "--option", "outputs=3,4")
    journal = bench(*words, dataset=path)
    expected = [
        fake_output(record.tobytes(), 3, 0) + fake_output(record.tobytes(), 4, 1)
        for record in records[:8]
    ]
    assert journal.outputs == b"".join(expected)
    assert [row["phase"] for row in journal.of("phase_end")] == ["dataset"]
    assert journal.of("phase_end")[0]["count"] == 8
    listed = journal.of("output")
    assert [(row["index"], row["bytes"], row["file"]) for row in listed] == [
        (0, 24, "outputs.bin"),
        (1, 32, "outputs.bin"),
    ]
    of_second = b"".join(record[3:] for record in expected)
    assert listed[1]["sha256"] == hashlib.sha256(of_second).hexdigest()


@pytest.mark.parametrize(("count", "size"), [("3", 32), ("2", 33), ("1", 0)])
def test_a_dataset_must_be_whole_records(
    bench: Bench, tmp_path: Path, count: str, size: int
) -> None:
    path = tmp_path / "dataset.bin"
    path.write_bytes(bytes(size))
    journal = bench("--count", count, dataset=path)
    assert journal.exit_status == 67
    assert f"has {size} bytes" in journal.of("error")[0]["message"]


def test_a_dataset_needs_its_count(bench: Bench, tmp_path: Path) -> None:
    journal = bench(dataset=tmp_path / "x")
    assert journal.exit_status == 64
    assert "--dataset and --count go together" in journal.stderr
