"""The wait of a host, over files that say how warm it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.bench.cooldown import PATIENCE_S, CoolDown
from ibd_mobile.bench.gates import Look
from ibd_mobile.core.device import Sensor
from ibd_mobile.machine.local import LocalLink


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return tmp_path / "temp"


@pytest.fixture
def package(node: Path) -> Sensor:
    return Sensor(
        id="package", quantity="temperature", site="package", node=str(node), unit="mdegC",
        status="confirmed", source="test",
    )  # fmt: skip


class Fan:
    """A machine that is so much cooler after each nap."""

    def __init__(self, node: Path, per_nap_c: float) -> None:
        self.node, self.per_nap_c, self.slept_s = node, per_nap_c, 0.0
        self.looks: list[Look] = []

    def heat(self, celsius: float) -> None:
        self.celsius = celsius
        self.node.write_text(f"{celsius * 1000:.0f}\n")

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.heat(self.celsius - self.per_nap_c)


@pytest.fixture
def rule(node: Path, package: Sensor) -> Callable[[float], tuple[Fan, CoolDown]]:
    def make(per_nap_c: float) -> tuple[Fan, CoolDown]:
        fan = Fan(node, per_nap_c)
        return fan, CoolDown(LocalLink(), [package], fan.sleep, fan.looks.append)

    return make


def test_the_first_job_is_never_kept_waiting(rule: Callable[..., tuple[Fan, CoolDown]]) -> None:
    fan, cool = rule(1.0)
    fan.heat(71.0)
    (seen,) = cool.wait()
    assert (seen.gate, seen.is_passed, seen.waited_s) == ("package temperature", True, 0.0)
    assert fan.slept_s == 0


def test_a_later_job_begins_as_cool_as_the_first(
    rule: Callable[..., tuple[Fan, CoolDown]],
) -> None:
    fan, cool = rule(10.0)
    fan.heat(40.0)
    cool.wait()
    fan.heat(80.0)
    (seen,) = cool.wait()
    assert seen.is_passed
    assert (seen.measured, seen.limit) == ("40.0 °C", "≤ 45.0 °C")
    assert seen.waited_s == fan.slept_s == 8.0
    assert fan.looks[0].why == "package 80 → 45 °C"


def test_patience_ends_and_the_evidence_says_so(
    rule: Callable[..., tuple[Fan, CoolDown]],
) -> None:
    fan, cool = rule(0.0)
    fan.heat(40.0)
    cool.wait()
    fan.heat(80.0)
    (seen,) = cool.wait()
    assert not seen.is_passed
    assert seen.measured == "80.0 °C"
    assert fan.slept_s == PATIENCE_S


def test_a_host_without_such_sensors_is_not_waited_for(node: Path, package: Sensor) -> None:
    fan = Fan(node, 0.0)
    assert CoolDown(LocalLink(), [], fan.sleep, fan.looks.append).wait() == []
    gone = CoolDown(LocalLink(), [package], fan.sleep, fan.looks.append)  # no such file
    assert gone.wait() == []
