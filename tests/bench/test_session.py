import json
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ibd_mobile.bench.session import SAMPLER_RATE_HZ, plan_recording
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Context
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import HostError, PayloadFailed, PayloadStatus
from ibd_mobile.core.job import Job
from ibd_mobile.machine.local import LocalLink

from .conftest import MakeBench, Measured

IBD_OVERRUN_S = 60.0


class Stopped(BaseException):
    """What a session is told by its `sleep` where somebody pressed Ctrl-C."""


def job(kind: str = "measure") -> Job:
    return Job(
        kind=kind, device="sd855", slot="s", model="m", training_framework="tensorflow",
        input_size=64, artifact_sha256="0" * 64, precision="int8", framework="litert",
        processor="cpu", threads=1, batch=1, protocol="ibd", seed=1,
    )  # type: ignore[arg-type]  # fmt: skip


def gauge(**changes: float) -> list[Sensor]:
    facts = {"status": "confirmed", "source": "test", "site": "battery"}
    return [
        Sensor(id="i", quantity="current", unit="uA", node="/i", **facts, **changes),  # type: ignore[arg-type]
        Sensor(id="u", quantity="voltage", unit="uV", node="/u", **facts, **changes),  # type: ignore[arg-type]
    ]


def test_a_fast_gauge_leaves_the_power_phase_at_the_protocols_window(small: Stock) -> None:
    recording, power_s = plan_recording(
        job(), small.protocols["ibd"], gauge(period_s=0.2), IBD_OVERRUN_S
    )
    assert power_s == 12.0
    assert recording.idle_s == 4.0
    assert recording.rate_hz == SAMPLER_RATE_HZ
    assert 12.0 + 2 * 4.0 < recording.expected_s < 25.0
    assert recording.limit_s == recording.expected_s + IBD_OVERRUN_S


@pytest.mark.parametrize("slowness", ["period_s", "mean_window_s"])
def test_a_slow_gauge_stretches_phase_and_baselines(small: Stock, slowness: str) -> None:
    recording, power_s = plan_recording(
        job(), small.protocols["ibd"], gauge(**{slowness: 2.5}), IBD_OVERRUN_S
    )
    assert power_s == 25 * 2.5
    assert recording.idle_s == 4 * 2.5


def test_without_a_gauge_nothing_is_waited_for(small: Stock) -> None:
    recording, power_s = plan_recording(job(), small.protocols["ibd"], [], IBD_OVERRUN_S)
    assert power_s == 3.0
    assert recording.idle_s == 0.5


def test_an_accuracy_job_has_no_power_phase(small: Stock) -> None:
    recording, power_s = plan_recording(
        job("accuracy"), small.protocols["ibd"], gauge(period_s=10.0), IBD_OVERRUN_S
    )
    assert power_s == 0.0
    assert recording.idle_s == 0.0
    assert recording.limit_s == IBD_OVERRUN_S


def test_a_large_data_set_has_its_time(small: Stock) -> None:
    # 1000 pictures of ResNet-152 on a phone of 5 G/s take 40 minutes
    recording, _ = plan_recording(
        job("accuracy"), small.protocols["ibd"], [], IBD_OVERRUN_S, 1000 * 11_514_000_000
    )
    assert recording.limit_s > 40 * 60
    assert recording.expected_s < 10


def test_a_session_tells_its_phases_in_order(measured: Measured) -> None:
    phases = [e.phase for e in measured.bench.events]
    assert phases == [
        "prepare",
        *["push", "measure", "pull", "file"] * 2,
        "restore",
    ]
    waits = [e.remaining_s for e in measured.bench.events if e.phase == "measure"]
    assert all(s is not None and s > 0 for s in waits)


def test_a_measured_job_is_filed_and_is_what_was_returned(measured: Measured) -> None:
    run = measured.bench.run
    assert run.done_ids() == {j.id for j in run.info.jobs}
    assert {r.job.kind: r for r in run.records()} == measured.records
    assert not run.failures()


def test_what_the_session_knew_is_filed_beside_the_traces(measured: Measured) -> None:
    record = measured.records["accuracy"]
    folder = measured.bench.run.job_folder(record.job_id)
    context = msgspec.json.decode(folder.context.read_bytes(), type=Context)
    assert context.job == record.job
    assert context.identity.device == "host_cpu"
    assert context.gates == []
    assert context.files.keys() == {"sampler", "nodes", "model", "dataset"}
    assert json.loads(folder.summary.read_bytes())["nonce"] == context.nonce
    assert np.load(folder.truth, allow_pickle=False).shape == (20,)


def test_the_second_job_brings_only_what_is_new(measured: Measured) -> None:
    first, second = (measured.records[k].conditions.pushed_bytes for k in ("measure", "accuracy"))
    assert first > 0
    assert second == 20 * 64 * 64 * 3, "more was sent than the data set"


def test_a_second_session_brings_nothing(make_bench: MakeBench, measured: Measured) -> None:
    machine = measured.bench.targets[0].link
    bench = make_bench({"host_cpu": machine})
    with bench.session() as session:
        record = session.measure(bench.run.info.jobs[0])
    assert record.conditions.pushed_bytes == 0


def test_a_job_that_fails_keeps_its_raw_files_and_the_next_goes_on(make_bench: MakeBench) -> None:
    bench = make_bench(threads=[2000, 1])  # more than the program takes
    broken, whole = bench.run.info.jobs
    with bench.session() as session:
        with pytest.raises(PayloadFailed, match="the program wrote no journal") as caught:
            session.measure(broken)
        session.measure(whole)
    assert caught.value.code == PayloadStatus.USAGE
    assert '--threads cannot be "2000"' in caught.value.remedy
    assert bench.run.done_ids() == {whole.id}
    (failure,) = bench.run.failures()
    assert (failure.job_id, failure.payload_code) == (broken.id, PayloadStatus.USAGE)
    assert failure.has_raw
    kept = bench.run.path / "failures" / f"{broken.id}.1" / "raw"
    assert {"sampler.json", "child.tsv", "context.json"} <= {p.name for p in kept.iterdir()}


def test_a_machine_without_programs_of_ours_is_refused(
    make_bench: MakeBench, tmp_path: Path
) -> None:
    bench = make_bench()
    target = bench.targets[0]
    identity = msgspec.structs.replace(target.identity, platform="darwin-arm64")
    bench.targets = [Target(target.slot, target.link, target.device, None, identity)]
    with (
        bench.session() as session,
        pytest.raises(HostError, match="payloads for darwin-arm64: are not part of this") as caught,
    ):
        session.measure(bench.run.info.jobs[0])
    assert "only Linux machines" in caught.value.remedy
    (failure,) = bench.run.failures()
    assert failure.kind == "HostError"
    assert not failure.has_raw


def test_a_stop_leaves_neither_record_nor_failure_nor_half_a_job(
    make_bench: MakeBench, link: LocalLink
) -> None:
    bench = make_bench()
    session = bench.session()

    def stop(seconds: float) -> None:
        raise Stopped

    session.sleep = stop
    with pytest.raises(Stopped), session:
        session.measure(bench.run.info.jobs[0])
    assert not bench.run.done_ids()
    assert not bench.run.failures()
    assert not list((bench.run.path / "jobs").iterdir())
    assert [e.phase for e in bench.events][-1] == "restore"
    assert is_all_ended(link)


def is_all_ended(link: LocalLink, within_s: float = 10.0) -> bool:
    """Whether no sampler of ours runs on; one that was killed needs a moment to be gone."""
    pids = [int(file.read_text()) for file in Path(link.root).glob("jobs/*/sampler.pid")]
    assert pids, "nothing was started"
    end_s = time.monotonic() + within_s
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.05)
    return True


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
