"""What is said of programs that the real sampler ran, and that went wrong in every known way."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.bench import execution
from ibd_mobile.bench.execution import Recording
from ibd_mobile.bench.outcome import check_outcome, is_out_of_memory
from ibd_mobile.core.errors import (
    DataError,
    PayloadFailed,
    PayloadStatus,
    PayloadTimeout,
    ProcessorUnavailable,
)
from ibd_mobile.core.job import Job
from ibd_mobile.core.seams import BroughtFile
from ibd_mobile.machine.clock import read_clock
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.results.job_folder import JobFolder

MODEL_SHA256 = hashlib.sha256(b"no network").hexdigest()
JOB = Job(
    kind="measure", device="host_cpu", slot="rack-1", model="shapes_classifier",
    training_framework="tensorflow", input_size=64, artifact_sha256="0" * 64, precision="int8",
    framework="litert", processor="cpu", threads=1, batch=1, protocol="ibd", seed=1,
)  # fmt: skip
SUBJECT = r"rack-1: shapes_classifier int8 \(tensorflow, 64 px\) on litert/cpu ×1 \(measure\)"
#: limits for a program that hangs; the sampler needs its time to kill it
BRIEF = {"limit_s": 1.0, "longest_nap_s": 0.5}

Ran = tuple[JobFolder, str]
Run = Callable[..., Ran]


@pytest.fixture
def ran(link: LocalLink, programs: list[BroughtFile], tmp_path: Path) -> Run:
    """Runs words under the sampler and brings home what it left."""

    def run(*argv: str, limit_s: float = 20.0, longest_nap_s: float = 0.05) -> Ran:
        paths, _, _ = execution.bring(link, programs)
        recording = Recording(rate_hz=20.0, idle_s=0.0, limit_s=limit_s, expected_s=0.05)
        boot_id = read_clock(link).boot_id
        running = execution.start(link, paths, argv, recording, boot_id)
        running.sleep = lambda s: time.sleep(min(s, longest_nap_s))
        running.wait()
        folder = JobFolder(tmp_path / "job", JOB.id)
        folder.raw.mkdir(parents=True)
        running.collect(folder.raw)
        return folder, running.nonce

    return run


def fake(*options: str, **replaced: str) -> list[str]:
    words = {
        "engine": "fake",
        "model": "{model}",
        "model-sha256": MODEL_SHA256,
        "journal": "{journal}",
        "nonce": "{nonce}",
        "outputs": "{folder}",
    } | {name.replace("_", "-"): value for name, value in replaced.items()}
    told = [word for name, value in words.items() for word in (f"--{name}", value)]
    for option in ("latency_ns=1000000", *options) if words["engine"] == "fake" else ():
        told += ["--option", option]
    return ["{program}", *told]


def test_a_program_that_did_its_work_passes(ran: Run) -> None:
    folder, nonce = ran(*fake())
    check_outcome(folder, JOB, nonce)


def test_a_crash_is_named_by_its_signal(ran: Run) -> None:
    folder, nonce = ran(*fake("fail=crash", "fail_at=3"))
    with pytest.raises(
        PayloadFailed, match=f"{SUBJECT}: the program was ended by SIGSEGV"
    ) as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == 139
    assert "logcat" in caught.value.remedy
    assert not caught.value.transient


def test_a_hang_is_told_with_the_last_words(ran: Run) -> None:
    folder, nonce = ran("sh", "-c", "echo loading; echo waiting; sleep 60", **BRIEF)
    with pytest.raises(PayloadTimeout, match=f"{SUBJECT}: was killed since its time") as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.remedy == "It said: loading / waiting"


def test_a_silent_hang_seems_to_hang(ran: Run) -> None:
    folder, nonce = ran(*fake("fail=hang", "fail_at=1"), **BRIEF)
    with pytest.raises(PayloadTimeout) as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.remedy == "It seems to hang."


def test_a_processor_that_is_not_there_is_no_failure_of_the_program(ran: Run) -> None:
    folder, nonce = ran(*fake(accelerator="npu"))
    with pytest.raises(ProcessorUnavailable, match=r"ACCELERATOR_UNAVAILABLE: .*npu") as caught:
        check_outcome(folder, JOB, nonce)
    assert "nothing else was used" in caught.value.remedy


@pytest.mark.parametrize(
    ("replaced", "status", "problem", "remedy"),
    [
        (
            {"model_sha256": "0" * 64},
            PayloadStatus.MODEL_HASH,
            "MODEL_HASH: .* has SHA-256",
            "damaged on the way",
        ),
        (
            {"engine": "litert", "library": "/nowhere/libLiteRt.so"},
            PayloadStatus.ENGINE_UNAVAILABLE,
            "ENGINE_UNAVAILABLE: .*libLiteRt.so cannot be loaded",
            "ibd-mobile doctor",
        ),
        (
            {"outputs": "/nowhere/at/all"},
            PayloadStatus.OUTPUT_FAILED,
            "OUTPUT_FAILED: ",
            "Free space",
        ),
    ],
)
def test_the_programs_own_words_come_with_a_remedy(
    ran: Run, replaced: dict[str, str], status: PayloadStatus, problem: str, remedy: str
) -> None:
    folder, nonce = ran(*fake(**replaced))
    with pytest.raises(PayloadFailed, match=problem) as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == status
    assert remedy in caught.value.remedy


def test_an_error_of_the_engine_is_told_in_its_words(ran: Run) -> None:
    folder, nonce = ran(*fake("fail=error", "fail_at=2"))
    with pytest.raises(PayloadFailed, match="INFERENCE_FAILED: ") as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == PayloadStatus.INFERENCE_FAILED


@pytest.mark.parametrize("kind", ["garbage", "wrong_hash"])
def test_a_journal_that_lies_is_not_believed(ran: Run, kind: str) -> None:
    folder, nonce = ran(*fake(f"fail={kind}", "fail_at=3"))
    with pytest.raises(DataError, match="the chain of hashes is broken"):
        check_outcome(folder, JOB, nonce)


def test_an_exit_status_of_0_is_not_believed_alone(ran: Run) -> None:
    folder, nonce = ran(*fake("fail=partial", "fail_at=3"))
    with pytest.raises(PayloadFailed, match="the program's journal stops early"):
        check_outcome(folder, JOB, nonce)


def test_a_journal_of_another_execution_is_not_believed(ran: Run) -> None:
    folder, _ = ran(*fake())
    with pytest.raises(DataError, match="of another execution"):
        check_outcome(folder, JOB, "f" * 32)


def test_a_program_without_a_journal_has_measured_nothing(ran: Run) -> None:
    folder, nonce = ran("true")
    with pytest.raises(PayloadFailed, match="the program wrote no journal") as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == 0


def test_the_last_lines_of_a_program_that_failed_are_kept(ran: Run) -> None:
    folder, nonce = ran("sh", "-c", "for k in 1 2 3 4; do echo line $k; done; exit 3")
    with pytest.raises(PayloadFailed) as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == 3
    assert caught.value.remedy == "It said: line 2 / line 3 / line 4"


def test_a_program_that_does_not_start_is_told(ran: Run) -> None:
    folder, nonce = ran("/nowhere/program")
    with pytest.raises(PayloadFailed, match=SUBJECT) as caught:
        check_outcome(folder, JOB, nonce)
    assert caught.value.code == PayloadStatus.CHILD_NOT_STARTED


def test_what_was_killed_is_said_to_have_found_no_memory(ran: Run) -> None:
    folder, nonce = ran("sh", "-c", "kill -s KILL $$")
    with pytest.raises(PayloadFailed, match="was ended by SIGKILL") as caught:
        check_outcome(folder, JOB, nonce)
    assert "where memory runs out" in caught.value.remedy
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(("words", "is_so"), [("exit 75", True), ("exit 71", False)])
def test_a_programs_own_word_for_memory_counts(ran: Run, words: str, is_so: bool) -> None:
    folder, nonce = ran("sh", "-c", words)
    with pytest.raises(PayloadFailed) as caught:
        check_outcome(folder, JOB, nonce)
    assert is_out_of_memory(caught.value) is is_so


def test_a_lost_device_has_its_name_and_a_remedy(ran: Run) -> None:
    folder, nonce = ran("sh", "-c", "exit 80")
    with pytest.raises(PayloadFailed, match="DEVICE_LOST") as caught:
        check_outcome(folder, JOB, nonce)
    assert "nvidia-smi" in caught.value.remedy
