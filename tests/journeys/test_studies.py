"""The paper's experiments in small, on this computer and on a simulated phone."""

import itertools
import json

import pytest

from ibd_mobile.core.study import AXES
from ibd_mobile.results.archive import Run
from ibd_mobile.results.order_effect import order_effects
from ibd_mobile.results.table import configuration
from ibd_mobile.sim.namespace import namespaces_problem
from tests.keyboard import say
from tests.mini_studies import DEVICES, NARROWED, MiniStudyRuns

EACH = [(study, device) for device in DEVICES for study in NARROWED]


@pytest.fixture(params=EACH, ids=lambda each: f"{each[0]}-{each[1]}")
def run(mini_study_runs: MiniStudyRuns, request: pytest.FixtureRequest) -> Run:
    study, device = request.param
    if "--sim" in DEVICES[device] and (problem := namespaces_problem()):
        pytest.skip(f"no simulated phone here: {problem}")
    return Run.open(mini_study_runs(study, device))


def test_a_mini_study_ends_with_all_that_it_promises(run: Run) -> None:
    study, records = run.info.study, run.records()
    assert {r.job_id for r in records} == {job.id for job in run.info.jobs}
    assert not run.failures()
    measured = [r for r in records if r.job.kind == "measure"]
    began = sorted(measured, key=lambda record: record.conditions.host_started_at)
    assert began == measured, "not measured in the order of the plan"

    assert study.variable
    asked = set(getattr(study, AXES[study.variable]))
    values = [getattr(record.job, study.variable) for record in measured]
    left_out = " ".join(skip.reason for skip in run.info.skips)
    assert all(str(value) in left_out for value in asked - set(values))

    half = len(measured) // 2
    cells = [configuration(record.job) for record in measured]
    assert cells[half:] == cells[:half][::-1], "the second repetition is not the first mirrored"
    changes = [a != b for a, b in itertools.pairwise(values)]
    assert all(changes[: half - 1]), "neighbours do not differ in what is studied"

    (order,) = order_effects(records)
    assert order.n == half
    told = say("report", str(run.path))
    assert told.code == 0
    assert order.text in " ".join(told.out.split())
    assert "What the paper observed" in told.out
    document = json.loads(say("report", str(run.path), "--json").out)
    assert len(document["observations"]) == 7
    repetitions = [row["repetition"] for row in document["rows"] if row["job"]["kind"] == "measure"]
    assert sorted(repetitions) == [1] * half + [2] * half
