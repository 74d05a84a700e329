from pathlib import Path

import pytest

from ibd_mobile.sim import profile
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.tree import Plan, properties, zone_folders


def plan(name: str, knobs: Knobs | None = None) -> dict[str, object]:
    return Plan(
        profile.read(name), knobs or Knobs(), Path("/mount"), Path("/userdata"), "boot"
    ).as_dict()


@pytest.mark.parametrize("name", profile.names())
def test_every_phone_has_a_plan(name: str) -> None:
    made = plan(name)
    files = {path: (mode, text) for path, mode, _, text in made["files"]}  # type: ignore[attr-defined]
    assert set(made["live"]) <= set(files)  # type: ignore[call-overload]
    assert "/system/bin/getprop" in files
    assert "/sys/class/thermal/thermal_zone0/type" in files


def test_zone_numbers_move_with_the_boot() -> None:
    read = profile.read("sd855")
    first, second = zone_folders(read, "one"), zone_folders(read, "two")
    assert first != second
    assert sorted(first.values()) == sorted(second.values())


def test_the_phone_says_that_it_is_simulated_and_whose_processor_it_has() -> None:
    import os

    told = properties(profile.read("sd855"))
    assert told["ro.ibd.simulated"] == "1"
    first = told["ro.product.cpu.abilist"].split(",")[0]
    assert first == {"x86_64": "x86_64", "aarch64": "arm64-v8a"}.get(os.uname().machine, first)


def test_nothing_of_this_computers_homes_is_shown() -> None:
    sources = [source for source, _, _ in plan("sd855")["binds"]]  # type: ignore[attr-defined]
    for folder in ("/home", "/root", "/etc", "/tmp", "/var", "/sys", "/proc", "/run"):
        assert not any(source == folder or source.startswith(folder + "/") for source in sources)


def test_hidden_nodes_have_no_rights() -> None:
    made = plan("sd855", Knobs(sysfs_readable=False))
    modes = {path: mode for path, mode, _, _ in made["files"]}  # type: ignore[attr-defined]
    assert modes["/sys/class/power_supply/battery/current_now"] == 0
    assert modes["/sys/class/thermal/thermal_zone0/temp"] == 0
    assert modes["/sys/class/thermal/thermal_zone0/type"] == 0o444
