"""The clock of a machine, beside that of this computer."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from time import monotonic_ns

from ibd_mobile.core.errors import PhoneError
from ibd_mobile.core.seams import Link
from ibd_mobile.core.units import NS_PER_S

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_UPTIME = "/proc/uptime"
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class BootClock:
    """One look at a machine's boot clock; it was taken between the two host times."""

    boot_id: str  #: new at every boot; times of two boots cannot be compared
    boot_ns: int  #: CLOCK_BOOTTIME, ns, in steps of 10 ms
    host_before_ns: int  #: this computer's monotonic clock, ns
    host_after_ns: int


def read_clock(link: Link) -> BootClock:
    """Ask a machine for its boot id and boot time, in one command.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
        PhoneError: what it answers is no clock.
    """
    before_ns = monotonic_ns()
    done = link.run(["cat", _BOOT_ID, _UPTIME], timeout_s=_TIMEOUT_S, check=False)
    after_ns = monotonic_ns()
    boot_id, boot_ns = parse_clock(link.name, done.output)
    return BootClock(boot_id, boot_ns, before_ns, after_ns)


def parse_clock(subject: str, answer: str) -> tuple[str, int]:
    r"""Read boot id and uptime, one line each.

    >>> parse_clock("x", "5a-1\n12.34 99.00\n")
    ('5a-1', 12340000000)
    """
    try:
        boot_id, uptime = answer.splitlines()
        boot_ns = int(Decimal(uptime.split()[0]) * NS_PER_S)
    except (ValueError, IndexError, InvalidOperation):
        raise PhoneError(subject, f"does not tell its boot time: {answer.strip()[:80]}") from None
    return boot_id.strip(), boot_ns
