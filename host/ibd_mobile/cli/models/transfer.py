"""Progress of downloads, drawn where stderr is a terminal."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from ibd_mobile.cli import console

if TYPE_CHECKING:
    from ibd_mobile.convert.fetch import Progress
    from ibd_mobile.core.model import SourceFile


class Transfers:
    """A bar for each file that is fetched; `with` takes the bars away at the end.

    Args:
        quiet: draw nothing, say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._quiet = quiet
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console.err(),
            disable=quiet or not console.err().is_terminal,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def report(self, file: "SourceFile") -> "Progress":
        """Announce a file, and return what is told as its bytes come."""
        name = file.url.rpartition("/")[2]
        console.say(f"fetching {name} …", quiet=self._quiet)
        task = self._bars.add_task(name, total=None)

        def told(have: int, total: int) -> None:
            self._bars.update(task, completed=have, total=total or None)

        return told
