"""The thermal daemon: clocks are capped when a zone is hot, and freed when it has cooled enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ibd_mobile.sim.profile import Cap, Zone


@dataclass
class Caps:
    """Rules with hysteresis: each is on from `set_c` up, until its zone is below `clear_c`."""

    rules: Sequence[Cap]
    active: set[int] = field(default_factory=set)

    def update(self, zone_c: Mapping[str, float]) -> None:
        """Look at the zones anew."""
        for index, rule in enumerate(self.rules):
            now_c = zone_c[rule.zone]
            if now_c >= rule.set_c:
                self.active.add(index)
            elif now_c < rule.clear_c:
                self.active.discard(index)

    def limit_khz(self) -> dict[str, int]:
        """Return the lowest limit of each capped cluster."""
        limits: dict[str, int] = {}
        for index in self.active:
            for cluster, khz in self.rules[index].limit_khz.items():
                limits[cluster] = min(khz, limits.get(cluster, khz))
        return limits

    def gpu_limit_hz(self) -> int:
        """Return the lowest limit of the graphics clock; 0 where there is none."""
        limits = [self.rules[i].gpu_limit_hz for i in self.active if self.rules[i].gpu_limit_hz]
        return min(limits, default=0)


@dataclass
class Severity:
    """Android's throttling status of one zone: 0 none … 6 shutdown, with hysteresis."""

    zone: Zone
    level: int = 0

    def update(self, now_c: float) -> int:
        """Look at the zone anew and return its status."""
        thresholds_c = self.zone.thresholds_c
        while self.level < len(thresholds_c) and now_c >= thresholds_c[self.level]:
            self.level += 1
        while self.level and now_c < thresholds_c[self.level - 1] - self.zone.hysteresis_c:
            self.level -= 1
        return self.level
