import json
import shutil
from pathlib import Path

import duckdb
import pytest

from ibd_mobile.bench import measure
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.metric import GROUPS
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_writer import RunWriter

from .conftest import Measured


@pytest.fixture
def copied(measured: Measured, tmp_path: Path) -> Path:
    """A run folder of this test's own."""
    shutil.copytree(measured.bench.run.path, tmp_path / "run")
    return tmp_path / "run"


def folder_of(measured: Measured, run: Path, kind: str) -> JobFolder:
    job_id = measured.records[kind].job_id
    return JobFolder(run / "jobs" / job_id, job_id)


@pytest.mark.parametrize("kind", ["measure", "accuracy"])
def test_a_record_is_made_of_the_raw_files_alone(
    measured: Measured, copied: Path, tmp_path: Path, kind: str
) -> None:
    folder = folder_of(measured, copied, kind)
    bare = JobFolder(tmp_path / "elsewhere", folder.job_id)
    shutil.copytree(folder.raw, bare.raw)
    assert measure.record_of(bare) == measured.records[kind]


def test_a_record_tells_all_four_layers(measured: Measured) -> None:
    record = measured.records["measure"]
    assert record.workload.input_shape == [1, 64, 64, 3]
    assert record.workload.macs_count > 10**6
    assert record.training.framework == "tensorflow"
    assert record.training.artifact_sha256 == record.job.artifact_sha256
    assert record.inference.program == "ibd_mobile.workers"
    assert record.inference.accelerator == "cpu"
    assert record.inference.fully_accelerated is True
    assert "engine litert" in record.inference.version
    assert {"model", "sampler", "nodes"} <= record.inference.files.keys()
    assert record.hardware.device == "host_cpu"
    assert record.hardware.phone == ""
    assert record.hardware.peak is None
    assert record.hardware.no_peak_reason


@pytest.mark.parametrize("kind", ["measure", "accuracy"])
def test_every_group_has_a_number_or_a_reason(measured: Measured, kind: str) -> None:
    metrics = measured.records[kind].metrics
    assert {m.group for m in metrics} == set(GROUPS)
    assert all((m.value is None) == bool(m.missing) for m in metrics)


def test_accuracy_is_counted_over_the_set(measured: Measured) -> None:
    found = {m.name: m for m in measured.records["accuracy"].metrics}
    assert found["top1_ratio"].n == 20
    assert found["top1_ratio"].value is not None
    assert found["top1_ratio"].value >= 0.7


def test_traces_hold_every_inference(measured: Measured) -> None:
    job_id = measured.records["measure"].job_id
    folder = measured.bench.run.job_folder(job_id)
    rows = duckdb.read_parquet(str(folder.trace("inferences_latency"))).fetchall()
    assert len(rows) == 5
    assert all(start < end for start, end in rows)
    assert folder.trace("inferences_power").is_file()


@pytest.mark.parametrize("kind", ["measure", "accuracy"])
def test_reparse_changes_nothing(measured: Measured, copied: Path, kind: str) -> None:
    folder = folder_of(measured, copied, kind)
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    with RunWriter.resume(copied) as run:
        assert measure.reparse_job(run, folder.job_id) == []
    assert {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()} == before


def test_reparse_mends_a_metric_that_somebody_changed(measured: Measured, copied: Path) -> None:
    folder = folder_of(measured, copied, "measure")
    whole = folder.metrics.read_bytes()
    document = json.loads(whole)
    document["metrics"][0]["note"] = "better by a hair"
    folder.metrics.write_text(json.dumps(document))
    with RunWriter.resume(copied) as run:
        assert measure.reparse_job(run, folder.job_id) == ["metrics.json"]
    assert folder.metrics.read_bytes() == whole


@pytest.mark.parametrize("name", ["journal.jsonl", "samples.tsv", "context.json", "truth.npy"])
def test_a_raw_file_that_was_changed_is_refused(
    measured: Measured, copied: Path, name: str
) -> None:
    folder = folder_of(measured, copied, "accuracy")
    content = bytearray((folder.raw / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder.raw / name).write_bytes(content)
    with (
        RunWriter.resume(copied) as run,
        pytest.raises(DataError, match=f"{name}: was changed after the job was filed"),
    ):
        measure.reparse_job(run, folder.job_id)


def test_outputs_of_another_execution_are_refused(measured: Measured, tmp_path: Path) -> None:
    """Even where nothing was filed yet, the journal vouches for the outputs."""
    run = measured.bench.run.path
    bare = JobFolder(tmp_path / "job", measured.records["accuracy"].job_id)
    shutil.copytree(folder_of(measured, run, "accuracy").raw, bare.raw)
    bare.outputs.write_bytes(bare.outputs.read_bytes()[::-1])
    with pytest.raises(DataError, match="not what the journal says"):
        measure.record_of(bare)
