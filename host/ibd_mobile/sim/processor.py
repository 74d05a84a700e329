"""The processor: where load goes, at which clock it runs, and what power that costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ibd_mobile.sim.profile import Cluster, Power

_HEADROOM = 1.25  # the kernel's schedutil asks for a quarter more than is used
_MA_PER_A = 1000


@dataclass(frozen=True, slots=True)
class Load:
    """What the processor did in one step."""

    power_w: float
    khz: dict[str, int]  #: cluster -> clock
    busy: dict[int, float]  #: cpu -> share of its time


class Processor:
    """Clusters of cores under a governor.

    Args:
        clusters: from small to big.
        power: what it draws besides the cores' own current.
    """

    def __init__(self, clusters: Sequence[Cluster], power: Power) -> None:
        self._clusters = clusters
        self._power = power
        self._cpus = sorted((cpu for cluster in clusters for cpu in cluster.cpus), reverse=True)

    def place(self, shares: Sequence[tuple[int, float]]) -> dict[int, float]:
        """Spread load over cores, big ones first.

        Args:
            shares: (affinity mask, cores' worth of load); mask 0 means any core. Programs bound to
                cores come first, as they cannot give way.

        Returns:
            cpu -> share of its time, at most 1.
        """
        busy = dict.fromkeys(self._cpus, 0.0)
        for mask, load in sorted(shares, key=lambda share: share[0] == 0):
            left = load
            for cpu in self._cpus:
                if mask and not mask >> cpu & 1:
                    continue
                taken = min(left, 1.0 - busy[cpu])
                busy[cpu] += taken
                left -= taken
        return busy

    def run(self, shares: Sequence[tuple[int, float]], limit_khz: Mapping[str, int]) -> Load:
        """Run load for one step.

        Args:
            shares: as for `place`.
            limit_khz: cluster -> highest clock that heat allows.
        """
        busy = self.place(shares)
        current_ma = self._power.active_ma * min(1.0, sum(busy.values()))
        khz = {}
        for cluster in self._clusters:
            used = [busy[cpu] for cpu in cluster.cpus]
            clock_khz, core_ma = _step_for(cluster, max(used), limit_khz.get(cluster.name))
            khz[cluster.name] = clock_khz
            current_ma += core_ma * sum(used) + cluster.active_ma * min(1.0, sum(used))
        return Load(current_ma * self._power.nominal_v / _MA_PER_A, khz, busy)


def _step_for(cluster: Cluster, use: float, limit_khz: int | None) -> tuple[int, float]:
    """Choose the lowest clock that carries the load, below the limit."""
    top_khz = cluster.steps[-1][0]
    allowed = [step for step in cluster.steps if step[0] <= (limit_khz or top_khz)]
    allowed = allowed or [cluster.steps[0]]
    wanted_khz = use * _HEADROOM * top_khz
    return next((step for step in allowed if step[0] >= wanted_khz), allowed[-1])
