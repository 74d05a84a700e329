"""Time that a worker's threads could have used, and that others had."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def lost() -> dict[str, int]:
    """Count what this process's threads lost to others until now, ns; what is not told is absent.

    `waited_ns`: they were ready to run but had no processor, the second number of schedstat.
    `stolen_ns`: the processors it keeps to were others' outside of this virtual machine.
    """
    found = {}
    with contextlib.suppress(OSError, ValueError, IndexError):
        threads = [p.read_text().split() for p in Path("/proc/self/task").glob("*/schedstat")]
        if threads:
            found["waited_ns"] = sum(int(words[1]) for words in threads)
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        ticks = stolen_ticks(Path("/proc/stat").read_text(), os.sched_getaffinity(0))
        found["stolen_ns"] = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return found


def stolen_ticks(stat: str, cpus: Iterable[int]) -> int:
    """Read how long processors were others' outside of this virtual machine, in the kernel's ticks.

    Args:
        stat: what /proc/stat says.
        cpus: numbers of the processors.

    Raises:
        IndexError: the kernel is older than that count.
    """
    names = {f"cpu{number}" for number in cpus}
    lines = [line.split() for line in stat.splitlines() if line.startswith("cpu")]
    return sum(int(words[8]) for words in lines if words[0] in names)


def lost_between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return what was lost within a phase; nothing where a thread took its count along."""
    return {
        name: after[name] - count for name, count in before.items() if count <= after.get(name, -1)
    }
