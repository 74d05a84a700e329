import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.results import query
from ibd_mobile.results.archive import Run
from ibd_mobile.results.timeline import Timeline, read

from .archived import archive


@pytest.fixture(scope="module")
def run(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return archive(tmp_path_factory.mktemp("timeline"), make.Job())


@pytest.fixture(scope="module")
def timeline(run: Run) -> Timeline:
    return read(run, run.records()[0].job_id)


def test_windows_follow_each_other(timeline: Timeline) -> None:
    assert list(timeline.windows) == [
        "idle before", "initialisation", "latency", "power", "idle after",
    ]  # fmt: skip
    bounds = [(w.start_ns, w.end_ns) for w in timeline.windows.values()]
    assert all(start < end for start, end in bounds)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(bounds))
    assert timeline.start_ns <= bounds[0][0]


def test_every_inference_and_sample_is_there(timeline: Timeline) -> None:
    assert [(trace.phase, trace.start_ns.size) for trace in timeline.phases] == [
        ("latency", 5),
        ("power", 620),
    ]
    (power,) = timeline.of("power")
    assert (power.name, power.unit) == ("power", "w")
    assert np.nanmax(power.value) > 3
    assert timeline.of("temperature") == []


def test_a_job_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(InputError, match="job 'ffffffffffff': does not exist"):
        read(run, "ffffffffffff")


def test_a_trace_of_another_making_is_named(run: Run) -> None:
    path = next(run.path.glob("jobs/*/traces/power.parquet"))
    content = path.read_bytes()
    query.write_parquet(path, {"t_ns": np.array([1, 2])})
    try:
        with pytest.raises(DataError, match="has no column power_w"):
            read(run, run.records()[0].job_id)
    finally:
        path.write_bytes(content)


def test_a_damaged_context_is_named(make: Any, tmp_path: Path) -> None:
    run = archive(tmp_path, make.Job())
    next(run.path.glob("jobs/*/raw/context.json")).write_text("{")
    with pytest.raises(DataError, match=r"context\.json: is damaged"):
        read(run, run.records()[0].job_id)
