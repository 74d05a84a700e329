"""The boot clock of a phone, which may run faster than this computer's while nothing runs there."""

import threading
import time

NS_PER_S = 1_000_000_000


class PhoneClock:
    """Phone boot time as a straight line over this computer's boot time, bent at will.

    While anything holds it, it runs at exactly real speed; programs in the phone see it through
    an offset that does not change during their life. Safe to use from several threads.

    Args:
        start_ns: phone boot time at this moment, ns.
        speed: how many times real time it runs while nobody holds it.
    """

    def __init__(self, start_ns: int, speed: float) -> None:
        self._lock = threading.Lock()
        self._host_ns = host_boot_ns()
        self._phone_ns = start_ns
        self._speed = speed
        self._rate = 1.0
        self._holds = 1

    @property
    def speed(self) -> float:
        """How many times real time it may run."""
        return self._speed

    def now_ns(self) -> int:
        """Return phone boot time, ns."""
        with self._lock:
            return self._at(host_boot_ns())

    def both_ns(self) -> tuple[int, int]:
        """Return phone and host boot time of one moment, ns."""
        with self._lock:
            host_ns = host_boot_ns()
            return self._at(host_ns), host_ns

    def hold(self) -> int:
        """Go at real speed until `release`, and return phone minus host time, ns."""
        with self._lock:
            self._bend(1.0)
            self._holds += 1
            return self._phone_ns - self._host_ns

    def release(self) -> None:
        """Take one hold back; the clock goes on at its speed when none is left."""
        with self._lock:
            self._holds -= 1
            if self._holds == 0:
                self._bend(self._speed)

    def step(self, step_ns: int) -> None:
        """Jump, as a phone's clock does that slept."""
        with self._lock:
            self._bend(self._rate)
            self._phone_ns += step_ns

    def restart(self, start_ns: int) -> None:
        """Begin anew, as at a boot; holds stay."""
        with self._lock:
            self._host_ns = host_boot_ns()
            self._phone_ns = start_ns

    def set_speed(self, speed: float) -> None:
        """Change the speed for the time when nobody holds the clock."""
        with self._lock:
            self._speed = speed
            if self._holds == 0:
                self._bend(speed)

    def _at(self, host_ns: int) -> int:
        return self._phone_ns + round((host_ns - self._host_ns) * self._rate)

    def _bend(self, rate: float) -> None:
        """Go on from here at another rate."""
        if rate == self._rate == 1.0:
            return  # the offset stays the same to the nanosecond
        host_ns = host_boot_ns()
        self._phone_ns = self._at(host_ns)
        self._host_ns = host_ns
        self._rate = rate


def host_boot_ns() -> int:
    """Return this computer's boot time, ns."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
