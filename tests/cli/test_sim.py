import json
from collections.abc import Iterator

import pytest

from ibd_mobile.cli import simulated
from ibd_mobile.cli.sim import _knobs
from ibd_mobile.core.errors import InputError
from ibd_mobile.machine.adb import AdbLink, AdbServer
from ibd_mobile.sim import rack
from ibd_mobile.sim.namespace import namespaces_problem

from .conftest import Command


@pytest.fixture
def standing(home: object) -> Iterator[None]:
    """Leave no phone up, whatever a test started."""
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")
    yield
    rack.down(simulated.standing_rack())


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("battery_pct=76", 76),
        ("ambient_c=25.5", 25.5),
        ("plugged=true", True),
        ("auth=refuse", "refuse"),
        ("auth=", ""),
        ("name=a=b", "a=b"),
    ],
)
def test_a_knob_has_the_type_that_its_value_looks_like(word: str, value: object) -> None:
    (found,) = _knobs([word]).values()
    assert found == value
    assert type(found) is type(value)


def test_the_last_value_of_a_knob_counts() -> None:
    assert _knobs(["battery_pct=76", "plugged=true", "battery_pct=77"]) == {
        "battery_pct": 77,
        "plugged": True,
    }


def test_a_knob_without_a_value_is_refused() -> None:
    with pytest.raises(InputError, match="--knob plugged: is not of the form name=value"):
        _knobs(["plugged"])


def test_a_phone_comes_up_is_listed_and_goes_down(ibd: Command, standing: None) -> None:
    up = ibd("sim", "up", "sd855", "--knob", "battery_pct=71", "--speed", "60", "--seed", "3")
    assert up.code == 0, up.err
    (listed,) = json.loads(ibd("sim", "list", "--json").out)["up"]
    assert listed["name"] == "sd855"
    assert f"sd855 is up: serial {listed['serial']}" in up.out
    assert f"adb -P {listed['server_port']} -s {listed['serial']} shell" in up.out
    link = AdbLink(AdbServer(listed["server_port"]), listed["serial"])
    level = link.run(["cat", "/sys/class/power_supply/battery/capacity"], timeout_s=20).output
    assert level.strip() == "71"
    assert listed["serial"] in ibd("sim", "list").out

    second = ibd("sim", "up", "sd855")
    assert "sd855-2 is up" in second.out
    one = ibd("sim", "down", "sd855-2")
    assert one.out == "sd855-2 is down\n"
    assert [p["name"] for p in json.loads(ibd("sim", "list", "--json").out)["up"]] == ["sd855"]

    rest = ibd("sim", "down")
    assert rest.out == "sd855 is down\n"
    assert "no simulated phone is up" in ibd("sim", "list").out


def test_the_profiles_are_listed_though_no_phone_is_up(ibd: Command) -> None:
    said = ibd("sim", "list")
    assert said.code == 0
    assert "no simulated phone is up" in said.out
    assert "sd855" in said.out
    assert json.loads(ibd("sim", "list", "--json").out)["up"] == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("up", "sd885"), "simulated phone 'sd885': does not exist\n  Did you mean 'sd855'?"),
        (("up", "sd855", "--knob", "plugged"), "--knob plugged: is not of the form name=value"),
        (("up", "sd855", "--knob", "batery_pct=3"), "batery_pct"),
        (("up", "sd855", "--knob", "battery_pct=full"), "battery_pct"),
        (("down", "sd855"), "simulated phone 'sd855': does not exist"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_started(
    ibd: Command, words: tuple[str, ...], text: str
) -> None:
    said = ibd("sim", *words)
    assert said.code == 3
    assert text in said.err
    assert not rack.running(simulated.standing_rack())


def test_nothing_to_take_down_is_no_error(ibd: Command) -> None:
    said = ibd("sim", "down")
    assert (said.code, said.out) == (0, "")
