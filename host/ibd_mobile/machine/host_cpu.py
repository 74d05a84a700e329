"""Which processors of this computer a measured program keeps to."""

import os
from collections.abc import Collection
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")


def pick_cpus(
    count: int, *, allowed: Collection[int] | None = None, folder: Path = _CPUS
) -> list[int]:
    """Choose logical processors for a program with so many threads.

    The fastest cores come first, and a second thread of a core only after each core has its
    first: two threads on one core share its arithmetic.

    Args:
        count: of threads.
        allowed: those that may be used; None = those that this process may.
        folder: the kernel's account of processors.

    Returns:
        Their numbers in increasing order; all that are allowed where those are fewer.

    >>> pick_cpus(2, allowed=[0, 1, 2], folder=Path("/nowhere"))
    [0, 1]
    """
    cpus = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    taken: dict[str, int] = {}

    def rank(cpu: int) -> tuple[int, int, int]:
        core = _read(folder / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu)
        place = taken[core] = taken.get(core, -1) + 1
        return place, -_speed(folder / f"cpu{cpu}"), cpu

    return sorted(sorted(cpus, key=rank)[:count])


def pick_cores(*, allowed: Collection[int] | None = None, folder: Path = _CPUS) -> list[int]:
    """Choose one logical processor of every core; the arguments are those of `pick_cpus`."""
    cpus = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    first: dict[str, int] = {}
    for cpu in cpus:
        core = _read(folder / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu)
        first.setdefault(core, cpu)
    return sorted(first.values())


def _speed(cpu: Path) -> int:
    """Return what tells fast cores from slow ones: the highest clock, or the kernel's rating."""
    for name in ("cpufreq/cpuinfo_max_freq", "cpu_capacity"):
        text = _read(cpu / name)
        if text.isdecimal():
            return int(text)
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
