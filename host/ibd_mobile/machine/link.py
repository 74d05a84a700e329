"""What the links of this package have beyond `core.seams.Link`, and where paths may lie."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol, runtime_checkable

from ibd_mobile.core.seams import Completed, Link


@runtime_checkable
class RootLink(Link, Protocol):
    """A link that can become root where the machine allows it."""

    def is_root_available(self) -> bool:
        """Tell whether `run_root` can work; asks the machine once and remembers."""

    def run_root(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command as root.

        Raises:
            PhoneError: no root there.
            PhoneGone, PayloadTimeout, PayloadFailed: as for `run`.
        """


def is_inside(root: str, path: str) -> bool:
    """Tell whether a path lies below a folder, by its words alone.

    >>> is_inside("/data/x", "/data/x/job/a"), is_inside("/data/x", "/data/x/../y")
    (True, False)
    """
    place = PurePosixPath(path)
    parts_are_plain = ".." not in place.parts and "\0" not in path and not path.endswith("/")
    return parts_are_plain and place != PurePosixPath(root) and place.is_relative_to(root)
