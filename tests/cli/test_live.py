import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from ibd_mobile.cli.live import LiveView
from ibd_mobile.core.device import Slot
from ibd_mobile.results.archive import Run
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.run_writer import RunWriter

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Screen:
    """What a terminal of some width shows of a run, after the events."""

    run: Run
    width: int = 120

    def after(self, events: Sequence[Event]) -> str:
        """The last frame, without control sequences."""
        stream = io.StringIO()
        console = Console(
            file=stream, width=self.width, height=40, force_terminal=True, emoji=False
        )
        with LiveView(self.run, console) as view:
            for event in events:
                view.watch(event)
        text = _CONTROL.sub("", stream.getvalue())
        frame = text[text.rindex(self.run.info.id) :]
        assert all(len(line.rstrip()) <= self.width for line in frame.splitlines())
        return "\n".join(line.rstrip() for line in frame.splitlines())


@pytest.fixture
def fresh(read: Run, tmp_path: Path) -> Iterator[Run]:
    """A run of the same jobs in two slots, of which nothing is done yet."""
    import msgspec

    jobs = [
        msgspec.structs.replace(job, slot=slot)
        for slot in ("rack-1", "rack-2")
        for job in read.info.jobs
    ]
    slots = [Slot(id="rack-1"), Slot(id="rack-2")]
    plan = msgspec.structs.replace(read.info, slots=slots, jobs=jobs, is_simulated=True)
    with RunWriter.create(tmp_path / "fresh", plan) as run:
        yield run


def wait(slot: str, cause: str, text: str, remaining_s: float | None = None) -> Event:
    return Event(
        kind="waiting", slot=slot, phase="gates", cause=cause, text=text, remaining_s=remaining_s
    )


def row(frame: str, slot: str) -> str:
    return next(line for line in frame.splitlines() if line.startswith(slot))


def test_a_wait_tells_why_and_for_how_long(fresh: Run) -> None:
    frame = Screen(fresh).after(
        [
            wait("rack-1", "battery", "battery 76 → 80 %"),
            wait("rack-2", "rest", "rest 2:41", remaining_s=160.2),
        ]
    )
    assert re.search(r"waiting +battery 76 → 80 % +0/2$", row(frame, "rack-1"))
    assert re.search(r"waiting +rest 2:41 +2:41 +0/2$", row(frame, "rack-2"))


def test_a_phase_counts_down_and_names_its_job(fresh: Run) -> None:
    job = fresh.info.jobs[0]
    frame = Screen(fresh, 200).after(
        [
            Event(kind="started", slot="rack-1", job_id=job.id, text=job.title),
            Event(kind="phase", slot="rack-1", phase="measure", text="measuring", remaining_s=21.5),
        ]
    )
    assert re.search(
        re.escape(job.title) + r" +measure +measuring +0:2[12] +0/2$", row(frame, "rack-1")
    )
    assert row(frame, "rack-2").split() == ["rack-2", "0/2"]


def test_what_was_done_before_counts_as_done(read: Run) -> None:
    frame = Screen(read).after([])
    assert row(frame, "host_cpu").split() == ["host_cpu", "2/2"]
    assert re.search(r"^study .* 2/2 ", frame, re.MULTILINE)


def test_a_filed_job_leaves_its_headline(read: Run) -> None:
    job = next(j for j in read.info.jobs if j.kind == "accuracy")
    filed = Event(kind="filed", slot="host_cpu", job_id=job.id, text=job.title)
    frame = Screen(read).after([filed])
    assert f"✓ host_cpu {job.title}: top-1 " in frame


def test_failures_and_second_tries_stay_with_their_remedy(fresh: Run) -> None:
    text = "R58M: left the bus\n  Check cable and hub."
    frame = Screen(fresh).after(
        [
            Event(kind="repeated", slot="rack-1", text=text),
            Event(kind="failed", slot="rack-2", text="disk: is full\n  Free space."),
            Event(kind="note", text="stopping: programs are ended, phones put back"),
        ]
    )
    assert "✗ rack-1 R58M: left the bus\n  Check cable and hub." in frame
    assert "✗ rack-2 disk: is full\n  Free space." in frame
    assert "·  stopping: programs are ended" in frame


def test_only_the_last_lines_are_kept(fresh: Run) -> None:
    frame = Screen(fresh).after([Event(kind="note", text=f"note {k}.") for k in range(20)])
    assert [k for k in range(20) if f"note {k}." in frame] == [14, 15, 16, 17, 18, 19]


def test_a_simulated_run_says_so_at_every_moment(fresh: Run, read: Run) -> None:
    assert "SIMULATED" in Screen(fresh).after([])
    assert "SIMULATED" not in Screen(read).after([])


def test_a_terminal_of_80_columns_shows_all_of_it(fresh: Run) -> None:
    job = fresh.info.jobs[0]
    frame = Screen(fresh, 80).after(
        [
            Event(kind="started", slot="rack-1", job_id=job.id, text=job.title),
            wait("rack-1", "battery", "battery 76 → 80 %, no charger connected", 180.0),
        ]
    )
    words = " ".join(frame.split())
    for word in ("waiting", "3:00", "0/2", "76", "80 %", "shapes_classifier", "(measure)"):
        assert word in words, frame
    assert "…" not in frame, "a cell was cut"


def test_an_event_of_no_slot_is_no_row(fresh: Run) -> None:
    frame = Screen(fresh).after([wait("elsewhere", "rest", "rest 1:00")])
    assert "elsewhere" not in frame
