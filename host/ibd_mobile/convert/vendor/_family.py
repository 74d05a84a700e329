"""All vendors' converters, as planner and workshop of conversions see them."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from ibd_mobile.convert.program import Answer
from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor._command import CHECK_STOP
from ibd_mobile.convert.vendor._made import VendorMade
from ibd_mobile.core import registry

PACKAGE: Final = "ibd_mobile.convert.vendor"


class Vendor(Protocol):
    """A vendor's converter: one module here, found by its file name."""

    formats_from: frozenset[str]
    format_to: str
    precisions: frozenset[str]

    def missing_reason(self) -> str:
        """Say what is missing to convert here, or "" if all seems to be there."""

    def tools(self) -> dict[str, str]:
        """Return the versions that what is made depends on.

        They belong into its key in a cache: the same request gives another file with another SDK.

        Raises:
            HostError: the SDK is missing.
        """

    def convert(self, request: Request) -> VendorMade:
        """Make what is asked for, or raise; see each vendor."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One way of conversion that a vendor offers; like a step's, its source is float32."""

    id: str
    takes: str
    makes: str
    precisions: tuple[str, ...]


def vendor(id: str) -> Vendor:
    """Import one vendor's converter.

    Raises:
        InputError: there is none of that name.
    """
    return cast(Vendor, registry.member(PACKAGE, id))


def legs() -> list[Leg]:
    """List all ways, those of SDKs that are missing here too: the error then says what to do."""
    found = [(id, vendor(id)) for id in registry.member_ids(PACKAGE)]
    return [
        Leg(id, takes, one.format_to, tuple(sorted(one.precisions)))
        for id, one in found
        for takes in sorted(one.formats_from)
    ]


def run(
    id: str, request: Request, check_stop: Callable[[], None] = lambda: None
) -> tuple[Answer, bool]:
    """Convert, and tell of it as a step's program does.

    Args:
        id: of the vendor.
        request: its folder is there.
        check_stop: called now and then; raises where the person at the keyboard wants to stop.

    Returns:
        What was made; and whether `compared.npz` is there (if not, a note says why). Its peak of
        memory is 0 where an earlier program of this process needed more: then nobody knows it.

    Raises:
        HostError, InputError, RunError, DataError: as the vendor says.
    """
    token = CHECK_STOP.set(check_stop)
    started_s, before = time.monotonic(), _peak_kib()
    try:
        made = vendor(id).convert(request)
    finally:
        CHECK_STOP.reset(token)
    peak_kib = _peak_kib()
    answer = Answer(
        made=made,
        tools=made.tools,
        wall_s=time.monotonic() - started_s,
        peak_bytes=peak_kib * 1024 if peak_kib > before else 0,
    )
    return answer, made.is_compared


def _peak_kib() -> int:
    """Return the largest peak of all programs that this process has waited for."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
