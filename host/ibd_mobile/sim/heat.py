"""Heat in a phone: a few bodies with capacities, joined by resistances, in a room."""

import math
from collections.abc import Mapping, Sequence

from ibd_mobile.sim.profile import HeatLink, HeatNode

AMBIENT = "ambient"
_SAFE_SHARE = 0.2  # of the quickest time constant per step keeps explicit integration exact enough


class HeatNetwork:
    """Temperatures of the bodies, integrated in fixed steps.

    Args:
        nodes: the bodies.
        links: resistances between them and to the room.
        start_c: temperature of all bodies.
    """

    def __init__(
        self, nodes: Sequence[HeatNode], links: Sequence[HeatLink], start_c: float
    ) -> None:
        self._capacity = {node.name: node.j_per_k for node in nodes}
        self._links = [(link.a, link.b, 1 / link.k_per_w) for link in links]
        self.temperature_c = dict.fromkeys(self._capacity, start_c)
        self._longest_step_s = _SAFE_SHARE * min(
            self._capacity[name] / sum(w for a, b, w in self._links if name in (a, b))
            for name in self._capacity
        )

    def step(self, power_w: Mapping[str, float], ambient_c: float, dt_s: float) -> None:
        """Let power flow into bodies for some time."""
        count = max(1, math.ceil(dt_s / self._longest_step_s))
        part_s = dt_s / count
        for _ in range(count):
            flow_w = {name: power_w.get(name, 0.0) for name in self._capacity}
            known = {**self.temperature_c, AMBIENT: ambient_c}
            for a, b, w_per_k in self._links:
                through_w = (known[a] - known[b]) * w_per_k
                if a != AMBIENT:
                    flow_w[a] -= through_w
                if b != AMBIENT:
                    flow_w[b] += through_w
            for name, watt in flow_w.items():
                self.temperature_c[name] += watt * part_s / self._capacity[name]

    def settle(self, power_w: Mapping[str, float], ambient_c: float) -> None:
        """Set the temperatures that the bodies would reach in the end, if nothing changed.

        Gauss-Seidel on the balance of each body: it converges since every body reaches the room.
        """
        for _ in range(2000):
            for name in self._capacity:
                inflow_w, conductance = power_w.get(name, 0.0), 0.0
                for a, b, w_per_k in self._links:
                    if name in (a, b):
                        other = b if name == a else a
                        there_c = ambient_c if other == AMBIENT else self.temperature_c[other]
                        inflow_w += w_per_k * there_c
                        conductance += w_per_k
                self.temperature_c[name] = inflow_w / conductance
