import io
import re
from collections.abc import Sequence

import pytest
from rich.console import Console

from ibd_mobile.cli.plain import PlainLines
from ibd_mobile.results.archive import Run
from ibd_mobile.results.event_log import Event


def lines(run: Run, events: Sequence[Event], width: int = 120) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=False, highlight=False, emoji=False)
    plain = PlainLines(run, console)
    for event in events:
        plain.watch(event)
    text = stream.getvalue()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    return text.splitlines()


def wait(text: str, cause: str, job_id: str = "") -> Event:
    return Event(kind="waiting", slot="s", job_id=job_id, phase="gates", cause=cause, text=text)


def test_a_wait_is_printed_once(read: Run) -> None:
    looks = [wait(f"battery {k} → 80 %", "battery") for k in (76, 77, 78)]
    assert lines(read, looks) == ["[s] waiting: battery 76 → 80 %"]


def test_another_reason_is_another_line(read: Run) -> None:
    said = lines(
        read,
        [
            wait("battery 79 → 80 %", "battery"),
            wait("rest 2:41", "rest"),
            wait("rest 2:31", "rest"),
            wait("battery 79 → 80 %", "battery"),
        ],
    )
    assert said == [
        "[s] waiting: battery 79 → 80 %",
        "[s] waiting: rest 2:41",
        "[s] waiting: battery 79 → 80 %",
    ]


def test_the_same_wait_of_the_next_job_is_told_again(read: Run) -> None:
    assert len(lines(read, [wait("rest 5:00", "rest", "a"), wait("rest 5:00", "rest", "b")])) == 2


def test_slots_do_not_silence_one_another(read: Run) -> None:
    events = [Event(kind="phase", slot=s, phase="push", text="bringing files") for s in "aba"]
    assert lines(read, events) == ["[a] push: bringing files", "[b] push: bringing files"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event(kind="started", slot="s", text="a job"), "[s] started: a job"),
        (Event(kind="phase", slot="s", phase="pull", text="fetching"), "[s] pull: fetching"),
        (Event(kind="note", text="stopping"), "note: stopping"),
        (
            Event(kind="failed", slot="s", text="disk: [red] is full"),
            "[s] failed: disk: [red] is full",
        ),
    ],
)
def test_each_kind_has_its_words(read: Run, event: Event, line: str) -> None:
    assert lines(read, [event]) == [line]


def test_an_event_that_repeats_is_no_wait(read: Run) -> None:
    again = Event(kind="repeated", slot="s", text="left the bus")
    assert len(lines(read, [again, again])) == 2


@pytest.mark.parametrize("width", [40, 120])
def test_a_filed_job_is_one_line_with_its_numbers(read: Run, width: int) -> None:
    job = next(j for j in read.info.jobs if j.kind == "measure")
    filed = Event(kind="filed", slot="s", job_id=job.id, text=job.title)
    (line,) = lines(read, [filed], width)
    assert line.startswith(f"[s] done: {job.title}: ")
    assert "per sample" in line
