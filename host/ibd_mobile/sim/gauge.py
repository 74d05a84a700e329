"""The phone's own meter: the true current seen through units, signs, delays and steps."""

import random
from collections import deque

from ibd_mobile.sim.profile import Gauge

_PER_A = {"uA": 1e6, "mA": 1e3}


class CurrentGauge:
    """Shows a current as a driver would, renewed now and then.

    Args:
        spec: the kind of gauge.
        chance: source of its noise.
        gain: true scale of this unit; 1 is exact.
    """

    def __init__(self, spec: Gauge, chance: random.Random, gain: float) -> None:
        self._spec = spec
        self._chance = chance
        self._gain = gain
        self._renewed_s: float | None = None
        self._past: deque[tuple[float, float, float]] = deque()  # end, length, current
        self.value = 0  #: as the node shows it

    def feed(self, now_s: float, dt_s: float, current_a: float, *, is_screen_on: bool) -> bool:
        """Take one step of the true current; positive is discharging.

        Args:
            now_s: phone boot time at the end of the step.
            dt_s: its length.
            current_a: mean current in it.
            is_screen_on: some gauges are read less often in the dark.

        Returns:
            Whether the shown value was renewed.
        """
        spec = self._spec
        if self._past and now_s < self._past[-1][0]:  # the phone has booted anew
            self._past.clear()
            self._renewed_s = None
        self._past.append((now_s, dt_s, current_a))
        while self._past and self._past[0][0] <= now_s - spec.mean_window_s and len(self._past) > 1:
            self._past.popleft()
        period_s = spec.renewal_s
        if not is_screen_on and spec.renewal_screen_off_s:
            period_s = spec.renewal_screen_off_s
        if self._renewed_s is None or not period_s:
            self._renewed_s = now_s
        elif now_s < self._renewed_s + period_s:
            return False
        else:
            # Renewals keep to their own beat, however late the step that shows them.
            self._renewed_s += (now_s - self._renewed_s) // period_s * period_s
        self.value = self._shown(self._mean_a())
        return True

    def _mean_a(self) -> float:
        if not self._spec.mean_window_s:
            return self._past[-1][2]
        total_s = sum(dt_s for _, dt_s, _ in self._past)
        return sum(dt_s * current_a for _, dt_s, current_a in self._past) / total_s

    def _shown(self, current_a: float) -> int:
        spec = self._spec
        sign = 1 if spec.positive == "discharging" else -1
        raw = sign * current_a * self._gain * _PER_A[spec.unit] + self._chance.gauss(0, spec.noise)
        return int(round(raw / spec.quantum) * spec.quantum)
