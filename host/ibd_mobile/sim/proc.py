"""Texts of a phone's /proc."""

import time
from collections.abc import Mapping

from ibd_mobile.sim.profile import Profile

S_PER_TICK = 0.01  #: the unit of /proc/stat and time_in_state


def cpuinfo(profile: Profile) -> str:
    """Print /proc/cpuinfo, the recorded phone's cores in it."""
    text = "\n".join(
        f"processor\t: {cpu}\nBogoMIPS\t: {profile.bogomips}\n"
        f"Features\t: {profile.cpu_features}\n"
        f"CPU implementer\t: {cluster.implementer}\nCPU architecture: 8\n"
        f"CPU variant\t: {cluster.variant}\nCPU part\t: {cluster.part}\n"
        f"CPU revision\t: {cluster.revision}\n"
        for cluster in profile.clusters
        for cpu in cluster.cpus
    )
    if not profile.cpuinfo_hardware:
        return text
    return (
        f"Processor\t: AArch64 Processor rev {profile.clusters[0].revision} (aarch64)\n{text}\n"
        f"Hardware\t: {profile.cpuinfo_hardware}\n"
    )


def meminfo(total_kb: int) -> str:
    """Print /proc/meminfo of a phone of that size, half of it in use."""
    rows = {
        "MemTotal": total_kb,
        "MemFree": total_kb // 4,
        "MemAvailable": total_kb // 2,
        "Buffers": 30_000,
        "Cached": total_kb // 4,
        "SwapCached": 0,
        "SwapTotal": total_kb // 3,
        "SwapFree": total_kb // 3,
    }
    return "".join(f"{name + ':':<16}{kb:>8} kB\n" for name, kb in rows.items())


def stat(busy_s: Mapping[int, float], uptime_s: float) -> str:
    """Print /proc/stat out of how long each core was busy."""
    rows = []
    for cpu in sorted(busy_s):
        used = round(busy_s[cpu] / S_PER_TICK)
        idle = max(0, round(uptime_s / S_PER_TICK) - used)
        rows.append((f"cpu{cpu}", used, idle))
    total = ("cpu ", sum(row[1] for row in rows), sum(row[2] for row in rows))
    lines = [f"{name} {used} 0 0 {idle} 0 0 0 0 0 0" for name, used, idle in [total, *rows]]
    return "\n".join([*lines, f"btime {round(time.time() - uptime_s)}", "processes 1"])
