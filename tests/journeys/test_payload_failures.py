"""Measured programs that crash, hang and lie: each is named, and no other job suffers."""

from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.sim.phone import Phone
from tests.journeys.conftest import Said, command_line, failures, only_run, records

#: failure -> kind of error, words of its problem, words of its remedy
TOLD = {
    "crash": ("PayloadFailed", "the program was ended by SIGSEGV", "adb logcat"),
    "abort": ("PayloadFailed", "the program was ended by SIGABRT", "It said: assertion failed"),
    "error": ("PayloadFailed", "INFERENCE_FAILED: fake engine: told to fail", "told to fail"),
    "refused": ("PayloadFailed", "MODEL_REFUSED: fake engine: told", "try another --framework"),
    "garbage": ("DataError", "line 4: the chain of hashes is broken", "Measure the job again"),
    "partial": ("PayloadFailed", "the program's journal stops early", "is kept in failures/"),
    "wrong_hash": ("DataError", "line 4: the chain of hashes is broken", "Measure the job again"),
    "other_model": ("PayloadFailed", "MODEL_HASH: ", "The file was damaged on the way"),
    "accelerator": ("ProcessorUnavailable", "runs on cpu, not on", "another --processor"),
    "library": ("PayloadFailed", "ENGINE_UNAVAILABLE: ", "ibd-mobile doctor"),
    "no_program": ("PayloadFailed", "ended with 76 (CHILD_NOT_STARTED)", "does not fit this phone"),
}


@pytest.fixture(scope="module")
def ran(fake: Any, phone: Phone, tmp_path_factory: pytest.TempPathFactory) -> tuple[Said, Path]:
    """One run in which every job but one fails."""
    runs = tmp_path_factory.mktemp("failures") / "runs"
    words = ["run", "--device", phone.name, "--sim", "--study", "fake_accuracy"]
    for name in ("none", *TOLD):
        words += ["--threads", str(fake.threads(name))]
    return command_line(runs)(*words), only_run(runs)


@pytest.mark.parametrize("failure", TOLD)
def test_a_failure_is_named_with_its_remedy(
    ran: tuple[Said, Path], fake: Any, failure: str
) -> None:
    said, run = ran
    kind, problem, remedy = TOLD[failure]
    job = "shapes_classifier int8 (tensorflow, 64 px) on fake/cpu"
    subject = f"{job} ×{fake.threads(failure)} (accuracy)"
    (found,) = [f for f in failures(run) if subject in f["subject"]]
    assert found["kind"] == kind
    assert problem in found["problem"]
    assert remedy in found["remedy"]
    assert found["problem"] in said.err
    assert found["remedy"] in said.err


def test_the_other_job_of_the_run_is_filed(ran: tuple[Said, Path]) -> None:
    said, run = ran
    assert said.code == 9
    assert f"{len(TOLD)} of {len(TOLD) + 1} jobs failed, the rest are filed" in said.err
    (record,) = records(run)
    assert record["job"]["threads"] == 1


def test_a_hang_is_killed_on_the_phone(fake: Any, phone: Phone, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    words = ["run", "--device", phone.name, "--sim", "--study", "fake_accuracy"]
    said = command_line(runs)(
        *words, "--threads", str(fake.threads("hang")), "--overrun-limit", "2"
    )
    assert said.code == 9
    assert "was killed since its time was up\n" in said.err
    (failure,) = failures(only_run(runs))
    assert (failure["kind"], failure["exit_code"], failure["has_raw"]) == (
        "PayloadTimeout",
        6,
        True,
    )
