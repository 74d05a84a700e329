"""The scheduler with real sessions on this computer, over links that fail as phones do."""

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

import ibd_mobile.frameworks
from ibd_mobile.bench.scheduler import Scheduler, _is_larger
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import HostError, IbdError, PhoneGone
from ibd_mobile.core.seams import Completed, Link
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.results.event_log import Event

from .conftest import Bench, MakeBench
from .test_outcome import JOB
from .test_session import is_all_ended


class FlakyLink:
    """This computer behind a cable: the first pushes fail."""

    def __init__(self, link: Link, failures: list[IbdError]) -> None:
        self._link = link
        self._failures = failures

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def root(self) -> str:
        return self._link.root

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        return self._link.run(argv, timeout_s=timeout_s, check=check)

    def push(self, source: Path, target: str, *, sha256: str) -> int:
        if self._failures:
            raise self._failures.pop(0)
        return self._link.push(source, target, sha256=sha256)

    def pull(self, source: str, target: Path, *, limit_bytes: int) -> int:
        return self._link.pull(source, target, limit_bytes=limit_bytes)


def gone(count: int) -> list[IbdError]:
    return [PhoneGone("host", "left the bus") for _ in range(count)]


def kinds(bench: Bench, slot: str) -> list[str]:
    steps = ("started", "repeated", "failed", "filed")
    return [e.kind for e in bench.events if e.slot == slot and e.kind in steps]


def scheduler_of(bench: Bench, watch: Callable[[Event], None] | None = None) -> Scheduler:
    return Scheduler(bench.run, bench.stock, watch or bench.events.append)


def test_an_error_that_may_pass_is_tried_again(make_bench: MakeBench, link: LocalLink) -> None:
    bench = make_bench({"host_cpu": FlakyLink(link, gone(1))})
    outcome = scheduler_of(bench).execute(bench.targets)
    assert (outcome.done_count, outcome.failed_count, outcome.is_interrupted) == (1, 0, False)
    assert kinds(bench, "host_cpu") == ["started", "repeated", "started", "filed"]
    assert [f.kind for f in bench.run.failures()] == ["PhoneGone"]


def test_after_three_tries_it_is_given_up_and_other_slots_go_on(
    make_bench: MakeBench, link: LocalLink, tmp_path: Path
) -> None:
    links = {
        "flaky": FlakyLink(LocalLink(tmp_path / "flaky"), gone(3)),
        "sound": LocalLink(tmp_path / "sound"),
    }
    bench = make_bench(links)
    outcome = scheduler_of(bench).execute(bench.targets)
    assert (outcome.done_count, outcome.failed_count) == (1, 1)
    assert kinds(bench, "flaky") == ["started", "repeated"] * 2 + ["started", "failed"]
    assert kinds(bench, "sound") == ["started", "filed"]
    assert [f.attempt for f in bench.run.failures()] == [1, 2, 3]
    assert [r.job.slot for r in bench.run.records()] == ["sound"]


def test_an_error_that_stays_is_not_tried_again_and_the_next_job_is(
    make_bench: MakeBench, link: LocalLink
) -> None:
    broken: list[IbdError] = [HostError("disk", "is full", "Free space.")]
    bench = make_bench({"host_cpu": FlakyLink(link, broken)}, threads=[1, 2])
    outcome = scheduler_of(bench).execute(bench.targets)
    assert (outcome.done_count, outcome.failed_count) == (1, 1)
    assert kinds(bench, "host_cpu") == ["started", "failed", "started", "filed"]
    assert "disk: is full\n  Free space." in bench.told("failed")


def test_what_is_done_is_not_done_again(make_bench: MakeBench, link: LocalLink) -> None:
    bench = make_bench()
    assert scheduler_of(bench).execute(bench.targets).done_count == 1
    bench.events.clear()
    again = scheduler_of(bench).execute(bench.targets)
    assert (again.done_count, again.failed_count) == (0, 0)
    assert bench.events == [], "a machine was touched for nothing"


def test_a_stop_ends_the_program_and_puts_the_machine_back(
    make_bench: MakeBench, link: LocalLink
) -> None:
    bench = make_bench(threads=[1, 2])

    def watch(event: Event) -> None:
        bench.events.append(event)
        if event.phase == "measure":
            scheduler.stop()

    scheduler = scheduler_of(bench, watch)
    outcome = scheduler.execute(bench.targets)
    assert outcome.is_interrupted
    assert (outcome.done_count, outcome.failed_count) == (0, 0)
    assert not bench.run.failures(), "a stop was filed as a failure"
    assert not list((bench.run.path / "jobs").iterdir())
    phases = [e.phase for e in bench.events if e.kind == "phase"]
    assert phases == ["prepare", "push", "measure", "restore"]
    assert bench.told("note") == ["stopped; `ibd-mobile resume` goes on"]
    assert is_all_ended(link)


def test_ctrl_c_stops_all_slots(make_bench: MakeBench, tmp_path: Path) -> None:
    bench = make_bench({name: LocalLink(tmp_path / name) for name in ("one", "two")})
    both = threading.Barrier(2)

    def watch(event: Event) -> None:
        bench.events.append(event)
        if event.phase == "measure" and both.wait(timeout=20) == 0:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    outcome = scheduler_of(bench, watch).execute(bench.targets)
    assert outcome.is_interrupted
    assert {e.slot for e in bench.events if e.phase == "restore"} == {"one", "two"}
    assert "stopping: programs are ended, phones put back" in bench.told("note")


def test_the_history_tells_what_was_watched(make_bench: MakeBench) -> None:
    bench = make_bench()
    scheduler_of(bench).execute(bench.targets)
    told = [(e.kind, e.phase) for e in bench.run.events()]
    assert told == [
        ("created", ""),
        ("phase", "prepare"),
        ("started", ""),
        *[("phase", phase) for phase in ("push", "measure", "pull", "file")],
        ("filed", ""),
        ("phase", "restore"),
    ]


def test_a_run_without_machines_ends_at_once(make_bench: MakeBench) -> None:
    bench = make_bench()
    outcome = scheduler_of(bench).execute([])
    assert (outcome.done_count, outcome.failed_count) == (0, 0)


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> str:
    """A framework that has memory for one sample only."""
    path = [*ibd_mobile.frameworks.__path__, str(Path(__file__).parent / "frameworks")]
    monkeypatch.setattr(ibd_mobile.frameworks, "__path__", path)
    return "tight"


@pytest.mark.parametrize("too_large", [2, 3])
def test_memory_that_runs_out_ends_the_axis_and_not_the_run(
    make_bench: MakeBench, small: Stock, tight: str, too_large: int
) -> None:
    cpu = small.devices["host_cpu"].processors[0]
    accelerators = {**cpu.accelerators, tight: "cpu"}
    cpu = msgspec.structs.replace(cpu, accelerators=accelerators)
    device = msgspec.structs.replace(small.devices["host_cpu"], processors=[cpu])
    batches = [too_large, 8, 1, 4]
    bench = make_bench(device=device, frameworks=[tight, "litert"], batches=batches)
    outcome = scheduler_of(bench).execute(bench.targets)
    done = sorted((r.job.framework, r.job.batch) for r in bench.run.records())
    assert done == [("litert", b) for b in sorted(batches)] + [("tight", 1)]
    assert outcome.failed_count == 3
    first, *others = bench.run.failures()
    reason = f"was not tried: batch {too_large} at 64 px had not enough memory"
    problems = [f.problem for f in bench.run.failures()]
    assert problems.count(reason) == 2
    assert first.remedy
    assert others


def test_a_repetition_of_what_found_no_memory_is_not_tried(
    make_bench: MakeBench, small: Stock, tight: str
) -> None:
    cpu = small.devices["host_cpu"].processors[0]
    cpu = msgspec.structs.replace(cpu, accelerators={tight: "cpu"})
    device = msgspec.structs.replace(small.devices["host_cpu"], processors=[cpu])
    bench = make_bench(device=device, frameworks=[tight], batches=[1, 2, 4], repeats=2)
    scheduler_of(bench).execute(bench.targets)
    started = [e for e in bench.events if e.kind == "started"]
    batches = {job.id: (job.seed, job.batch) for job in bench.run.info.jobs}
    assert [batches[e.job_id] for e in started] == [(1, 1), (1, 2), (2, 1)]
    assert [r.job.batch for r in bench.run.records()] == [1, 1]


def test_only_what_differs_in_size_alone_is_larger() -> None:
    small = JOB
    assert _is_larger(msgspec.structs.replace(small, batch=4, artifact_sha256="1" * 64), small)
    assert _is_larger(msgspec.structs.replace(small, input_size=128), small)
    assert _is_larger(msgspec.structs.replace(small, seed=small.seed + 1), small)
    for change in ({"threads": 2}, {"precision": "float32"}, {"slot": "other"}):
        assert not _is_larger(msgspec.structs.replace(small, batch=4, **change), small)
    wider = msgspec.structs.replace(small, batch=4, input_size=32)
    assert not _is_larger(wider, small)
