"""CPU time that the phone's programs burn, counted from inside its PID namespace."""

# ruff: noqa: PTH115, PTH208
# Reason: read forty times a second: plain os calls cost a third

import os
import resource
import time
from pathlib import Path
from typing import Any

_CLOCK_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
#: Programs that only watch: they start nothing, so the phone's clock need not wait for them.
_WATCHERS = frozenset({b"/system/bin/logcat", b"/dev/.sim/log/main"})
_AFFINITY = b"IBD_SIM_AFFINITY="
_AFFINITY_FOLDER = "/dev/.sim/affinity"


class Ledger:
    """Adds up what living programs burn and what ended ones have burnt.

    Ended programs are counted by the kernel when their parent, in the end the phone's first
    process, takes note of their end.
    """

    def __init__(self) -> None:
        self._seen_ns: dict[int, int] = {}  # pid -> own CPU time told so far
        self._told_ns = 0

    def account(self) -> dict[str, Any]:
        """Tell the CPU time burnt since the last question, and whether anybody is at work."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        total_ns = round((ended.ru_utime + ended.ru_stime) * 1e9)
        seen_ns: dict[int, int] = {}
        shares: list[tuple[str, int]] = []
        watcher_count = payload_count = 0
        set_later = os.listdir(_AFFINITY_FOLDER)  # by `taskset -p`
        for name in os.listdir("/proc"):
            if not name.isdigit() or name == "1":
                continue
            try:
                living = _living(int(name))
            except (OSError, ValueError):
                continue  # it ended while we looked
            own_ns, reaped_ns, kind, mask = living
            if name in set_later:
                mask = Path(_AFFINITY_FOLDER, name).read_text() or mask
            total_ns += own_ns + reaped_ns
            pid = int(name)
            seen_ns[pid] = own_ns
            shares.append((mask, max(0, own_ns - self._seen_ns.get(pid, 0))))
            watcher_count += kind == "watcher"
            payload_count += kind == "payload"
        self._seen_ns = seen_ns
        # A process that is reaped between two reads is missed once; the next answer has it again.
        burnt_ns = max(0, total_ns - self._told_ns)
        self._told_ns = max(self._told_ns, total_ns)
        return {
            "burnt_ns": burnt_ns,
            "shares": [share for share in shares if share[0]],
            "alive": len(seen_ns) - watcher_count,
            "payloads": payload_count,
        }


def _living(pid: int) -> tuple[int, int, str, str]:
    """Return own CPU time, CPU time of its reaped children, kind and affinity of a process."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    try:
        own_ns = time.clock_gettime_ns(_process_clock(pid))
    except OSError:  # a zombie has no clock any more
        own_ns = (int(fields[11]) + int(fields[12])) * _CLOCK_TICK_NS
    reaped_ns = (int(fields[13]) + int(fields[14])) * _CLOCK_TICK_NS
    if fields[0] == b"Z":
        return own_ns, reaped_ns, "zombie", ""
    program = os.readlink(f"/proc/{pid}/exe")
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    mask = ""
    if _AFFINITY in environment:
        mask = environment.partition(_AFFINITY)[2].partition(b"\0")[0].decode()
    if program.startswith("/data/"):
        return own_ns, reaped_ns, "payload", mask
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    is_watcher = not _WATCHERS.isdisjoint(words)
    return own_ns, reaped_ns, "watcher" if is_watcher else "system", mask


def _process_clock(pid: int) -> int:
    """Name the clock of the CPU time of another process, as clock_getcpuclockid does."""
    return (~pid << 3) | 2
