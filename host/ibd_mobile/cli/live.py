"""The live view of a run: one line per slot, what it does, and why it waits."""

import math
import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ibd_mobile.results.archive import Run
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.table import headline

_STYLES = {"waiting": "yellow", "failed": "red", "repeated": "red", "filed": "green"}
_KEPT_LINES = 6


class _Row:
    """What one slot is doing."""

    def __init__(self) -> None:
        self.event: Event | None = None
        self.job_title = ""
        self.since_s = time.monotonic()
        self.done_count = 0

    def take(self, event: Event) -> None:
        if event.kind == "started":
            self.job_title = event.text
        if event.kind == "filed":
            self.done_count += 1
        if self.event is None or (event.phase, event.cause) != (self.event.phase, self.event.cause):
            self.since_s = time.monotonic()
        self.event = event

    def left(self) -> str:
        """Time left, counted down between events where the phone's clock runs as ours."""
        event = self.event
        if event is None or event.remaining_s is None:
            return ""
        left_s = event.remaining_s
        if event.phase == "measure":
            left_s = max(left_s - (time.monotonic() - self.since_s), 0.0)
        minutes, seconds = divmod(math.ceil(left_s), 60)
        return f"{minutes}:{seconds:02d}"


class LiveView:
    """Draws on a terminal until it is closed; `watch` may be called from any thread."""

    def __init__(self, run: Run, console: Console) -> None:
        self._run = run
        self._mutex = threading.Lock()
        self._rows = {slot.id: _Row() for slot in run.info.slots}
        self._totals = {
            slot.id: sum(j.slot == slot.id for j in run.info.jobs) for slot in run.info.slots
        }
        done = run.done_ids()
        for job in run.info.jobs:
            self._rows[job.slot].done_count += job.id in done
        self._lines: list[Text] = []
        self._progress = Progress(
            TextColumn("study"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._progress.add_task("jobs", total=len(run.info.jobs), completed=len(done))
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def watch(self, event: Event) -> None:
        """Take note of something that happened."""
        with self._mutex:
            if event.slot in self._rows:
                self._rows[event.slot].take(event)
            if event.kind in ("filed", "failed", "repeated", "note"):
                self._lines.append(self._line(event))
                del self._lines[:-_KEPT_LINES]
            self._progress.update(
                self._task, completed=sum(row.done_count for row in self._rows.values())
            )

    def _line(self, event: Event) -> Text:
        text = event.text
        if event.kind == "filed":
            text = f"{text}: {headline(self._run.record(event.job_id))}"
        mark = {"filed": "✓", "note": "·"}.get(event.kind, "✗")
        return Text(f"{mark} {event.slot} {text}", style=_STYLES.get(event.kind, ""))

    def _draw(self) -> RenderableType:
        with self._mutex:
            table = Table(expand=True, box=None, pad_edge=False)
            table.add_column("slot", style="bold", no_wrap=True)
            table.add_column("job", ratio=2)
            table.add_column("phase", no_wrap=True)
            table.add_column("why", ratio=2)
            table.add_column("left", justify="right", no_wrap=True)
            table.add_column("done", justify="right", no_wrap=True)
            for id, row in self._rows.items():
                event = row.event
                waits = event is not None and event.kind == "waiting"
                table.add_row(
                    id,
                    row.job_title,
                    Text(
                        "waiting" if waits else (event.phase if event else ""),
                        style="yellow" if waits else "cyan",
                    ),
                    event.text if event and event.kind in ("waiting", "phase") else "",
                    row.left(),
                    f"{row.done_count}/{self._totals[id]}",
                )
            title = Text(f"{self._run.info.id}", style="dim")
            if self._run.info.is_simulated:
                title.append("  SIMULATED", style="bold yellow")
            return Group(title, table, self._progress, *self._lines)
