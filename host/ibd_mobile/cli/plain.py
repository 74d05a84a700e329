"""Progress as plain lines, for logs and pipes: no control characters, one line per change."""

import threading

from rich.console import Console

from ibd_mobile.results.archive import Run
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.table import headline


class PlainLines:
    """Prints each change once; `watch` may be called from any thread."""

    def __init__(self, run: Run, console: Console) -> None:
        self._run = run
        self._console = console
        self._mutex = threading.Lock()
        self._last: dict[str, tuple[str, str, str, str]] = {}

    def watch(self, event: Event) -> None:
        """Print what happened, unless it is the same wait as before."""
        with self._mutex:
            key = (event.kind, event.job_id, event.phase, event.cause)
            if event.kind in ("waiting", "phase") and self._last.get(event.slot) == key:
                return
            self._last[event.slot] = key
            self._console.print(self._line(event), markup=False, soft_wrap=True)

    def _line(self, event: Event) -> str:
        if event.kind == "filed":
            text = f"done: {event.text}: {headline(self._run.record(event.job_id))}"
        elif event.kind == "waiting":
            text = f"waiting: {event.text}"
        elif event.kind == "phase":
            text = f"{event.phase}: {event.text}"
        else:
            text = f"{event.kind}: {event.text}"
        return f"[{event.slot}] {text}" if event.slot else text
