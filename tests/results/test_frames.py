import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ibd_mobile
from ibd_mobile.core.errors import InputError
from ibd_mobile.results.archive import Run
from ibd_mobile.results.frames import Frames, load

from .archived import archive


@pytest.fixture(scope="module")
def run(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    job = make.Job()
    more = make.Job(context=make.changed(job.context, "job.threads", 4))
    return archive(tmp_path_factory.mktemp("frames"), job, more)


@pytest.fixture(scope="module")
def frames(run: Run) -> Frames:
    return load(run.path)


def test_a_job_is_a_row_with_its_metrics_as_columns(frames: Frames, run: Run) -> None:
    record = run.records()[1]
    row = frames.jobs.set_index("job").loc[record.job_id]
    metric = next(m for m in record.metrics if m.name == "latency_s")
    assert row["threads"] == 4
    assert (row["latency_s"], row["latency_s_low"], row["latency_s_high"]) == (
        metric.value, metric.low, metric.high,
    )  # fmt: skip
    assert row["top1_ratio"] != row["top1_ratio"]  # NaN
    assert len(frames.jobs) == 2


def test_inferences_and_samples_are_the_traces(frames: Frames) -> None:
    timed = frames.inferences[frames.inferences["phase"] == "latency"]
    assert len(timed) == 10
    assert timed["duration_s"].between(0.0099, 0.0101).all()
    assert set(frames.samples["unit"]) >= {"w", "a", "v"}


def test_the_trace_of_a_job_has_units_in_its_columns(frames: Frames, run: Run) -> None:
    trace = frames.trace(run.records()[0].job_id)
    assert {"power_w", "battery_current_a", "battery_voltage_v"} <= set(trace.columns)
    assert trace["power_w"].dropna().between(0.4, 5.0).all()
    assert trace.index.is_monotonic_increasing


def test_a_job_that_is_not_there_is_named_with_those_that_are(frames: Frames, run: Run) -> None:
    with pytest.raises(InputError, match=run.records()[0].job_id):
        frames.trace("ffffffffffff")


def test_a_job_of_several_runs_needs_its_run(run: Run) -> None:
    both = load(run.path.parent)
    assert both.runs == [run.info.id]
    job = run.records()[0].job_id
    assert not both.trace(job, run.info.id).empty


def test_findings_have_a_frame_of_their_own(frames: Frames, run: Run) -> None:
    assert len(frames.findings) == sum(len(record.findings) for record in run.records())


def test_a_run_without_any_record_has_empty_frames(tmp_path: Path) -> None:
    empty = load(archive(tmp_path).path)
    assert empty.jobs.empty
    assert empty.inferences.empty
    assert list(empty.samples.columns)[-1] == "value"


def test_a_folder_without_runs_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no runs"):
        load(tmp_path)


def test_the_package_gives_load_and_imports_nothing_before_it_is_asked_for() -> None:
    assert ibd_mobile.load is load
    code = "import sys, ibd_mobile; print('pandas' in sys.modules, hasattr(ibd_mobile, 'lode'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
