"""Processes that run in turn for a moment each, so that two of them see the same computer.

The speed of a shared or virtual computer wanders by more than what is looked for here, within
seconds. So processes are stopped and let go on (SIGSTOP, SIGCONT) every tenth of a second, and each
stretch of the one is compared with the stretches of the other right before and after it.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Average = Callable[[NDArray[np.int64]], np.floating[Any]]

_NS_PER_S = 1_000_000_000
#: the least number of inferences of which a stretch can tell
_LEAST_COUNT = 20


@dataclass(frozen=True, slots=True)
class Times:
    """Inferences of one process; (n,) boot time, ns."""

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, boot time in ns, in which one of two states held."""

    start_ns: int
    end_ns: int
    is_ours: bool

    def durations_ns(self, times: Times, settle_s: float) -> NDArray[np.int64]:
        """Pick the inferences that lie wholly in it, but for its first moments."""
        first_ns = self.start_ns + round(settle_s * _NS_PER_S)
        inside = (times.start_ns >= first_ns) & (times.end_ns <= self.end_ns)
        return (times.end_ns - times.start_ns)[inside]


def boot_ns() -> int:
    """Return this computer's boot time, the clock of the journal, ns."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def take_turns(
    ours: subprocess.Popen[bytes], theirs: subprocess.Popen[bytes], stretch_s: float
) -> list[Stretch]:
    """Let two processes run in turn until one has ended, and then the other to its end."""
    stretches: list[Stretch] = []
    theirs.send_signal(signal.SIGSTOP)
    running, resting = ours, theirs
    while ours.poll() is None and theirs.poll() is None:
        running.send_signal(signal.SIGCONT)
        start_ns = boot_ns()
        time.sleep(stretch_s)
        running.send_signal(signal.SIGSTOP)
        stretches.append(Stretch(start_ns, boot_ns(), running is ours))
        running, resting = resting, running
    for process in (ours, theirs):
        process.send_signal(signal.SIGCONT)
        process.wait()
    return stretches


def paired_stretches(
    stretches: Sequence[Stretch], ours: Times, theirs: Times, settle_s: float, average: Average
) -> list[tuple[float, float]]:
    """Lay the average inference of each stretch of ours beside that of its two neighbours.

    Returns:
        (ours, theirs), ns, of each stretch of ours where all three have something to tell.
    """
    averages: list[float | None] = []
    for stretch in stretches:
        found = stretch.durations_ns(ours if stretch.is_ours else theirs, settle_s)
        averages.append(float(average(found)) if len(found) >= _LEAST_COUNT else None)
    pairs = []
    for before, stretch, middle, after in zip(
        averages, stretches[1:], averages[1:], averages[2:], strict=False
    ):
        if stretch.is_ours and before is not None and middle is not None and after is not None:
            pairs.append((middle, (before + after) / 2))
    return pairs
