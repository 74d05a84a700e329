"""The physics at work behind the files."""

import re
import shutil
import time
from collections.abc import Callable

import numpy as np
import pytest

from .conftest import Handle, eventually

Start = Callable[..., Handle]


def burn(handle: Handle, seconds: float) -> float:
    """Keep a core busy, and return the CPU time that the kernel says it took, s."""
    fields = handle.shell(
        f"timeout {seconds} /data/local/tmp/burn > /dev/null; cat /proc/$$/stat"
    ).split()
    return (int(fields[15]) + int(fields[16])) / 100


@pytest.fixture(scope="module")
def burner(rack) -> Handle:  # type: ignore[no-untyped-def]
    handle = Handle(rack, rack.start("sd855", seed=3))
    handle.adb("push", shutil.which("yes") or "/usr/bin/yes", "/data/local/tmp/burn")
    return handle


def test_burnt_cpu_time_is_counted(burner: Handle) -> None:
    before_s = burner.phone.state()["cpu_s"]
    told_s = burn(burner, 1)
    time.sleep(0.1)
    counted_s = burner.phone.state()["cpu_s"] - before_s
    assert told_s > 0.05
    assert told_s - 0.02 <= counted_s <= told_s + 0.2, "and a little for the shells around it"


def test_detached_work_is_counted_too(burner: Handle) -> None:
    before_s = burner.phone.state()["cpu_s"]
    burner.shell("setsid timeout 1 /data/local/tmp/burn </dev/null >/dev/null 2>&1 &")
    time.sleep(1.4)
    assert burner.phone.state()["cpu_s"] - before_s > 0.1


def test_truth_is_energy_in_short_steps(burner: Handle) -> None:
    burn(burner, 1)
    truth = burner.phone.truth()
    steps_s = np.diff(truth["t_ns"]) / 1e9
    assert (steps_s > 0).all()
    assert np.median(steps_s) < 0.05
    summed_j = np.cumsum(truth["power_w"][1:] * steps_s)
    assert summed_j[-1] == pytest.approx(truth["energy_j"][-1] - truth["energy_j"][0], rel=1e-6)
    used_c = truth["charge_c"][0] - truth["charge_c"][-1]
    mean_v = truth["voltage_v"].mean()
    assert used_c * mean_v == pytest.approx(summed_j[-1], rel=0.01)


def test_power_follows_the_work_of_a_program(burner: Handle) -> None:
    start_ns = burner.phone.state()["boot_ns"]
    told_s = burn(burner, 1)
    time.sleep(0.1)
    truth = burner.phone.truth()
    steps_s = np.diff(truth["t_ns"], prepend=truth["t_ns"][0]) / 1e9
    during = truth["t_ns"] > start_ns
    cpu_j = float((truth["cpu_w"] * steps_s)[during].sum())
    assert cpu_j > 0.2 * told_s, "even the lowest clock of the big core draws 0.24 W"
    assert cpu_j < 1.0 * (told_s + 0.2), "its highest draws 0.90 W"
    rest_w = (truth["power_w"] - truth["cpu_w"])[during]
    assert rest_w.max() < 0.6, "the rest of the phone does not care"


def test_the_clock_of_the_truth_is_that_of_programs(burner: Handle) -> None:
    time.sleep(0.2)
    start_s = float(burner.shell("cut -d' ' -f1 /proc/uptime"))
    burn(burner, 1)
    end_s = float(burner.shell("cut -d' ' -f1 /proc/uptime"))
    time.sleep(0.2)
    truth = burner.phone.truth()
    t_s = truth["t_ns"] / 1e9
    before = truth["cpu_s"][t_s <= start_s - 0.05][-1]
    within = truth["cpu_s"][t_s <= end_s + 0.05][-1] - before
    all_of_it = truth["cpu_s"][-1] - before
    assert within > 0.9 * all_of_it


def test_the_gauge_shows_the_truth_within_its_errors(burner: Handle) -> None:
    node = "/sys/class/power_supply/battery/current_now"
    look = "cut -d' ' -f1 /proc/uptime"
    told = burner.shell(
        f"sleep 0.5; {look}; for i in 1 2 3 4 5 6 7 8 9 10; do cat {node}; sleep 0.18; done; {look}"
    ).split()
    time.sleep(0.1)
    gauge_a = np.mean([int(word) for word in told[1:-1]]) / 1e6
    truth = burner.phone.truth()
    t_s = truth["t_ns"] / 1e9
    true_a = truth["current_a"][(t_s > float(told[0]) - 0.2) & (t_s < float(told[-1]))].mean()
    assert gauge_a == pytest.approx(true_a, rel=0.2)


def test_bound_work_raises_the_clock_of_its_cluster(burner: Handle) -> None:
    policies = "/sys/devices/system/cpu/cpufreq/policy"
    look = (
        "cut -d' ' -f1 /proc/uptime; "
        f"for n in 0 7; do head -n 1 {policies}$n/stats/time_in_state | cut -d' ' -f2; done"
    )
    bound = "taskset 1 timeout 1 /data/local/tmp/burn > /dev/null"
    told = burner.shell(f"sleep 0.3; {look}; {bound}; sleep 0.3; {look}")
    start_s, little, prime, end_s, little_after, prime_after = map(float, told.split())
    assert (little_after - little) / 100 < end_s - start_s - 0.5, "it left its lowest clock"
    assert (prime_after - prime) / 100 > 0.5, "where nothing ran"


def test_a_hot_phone_is_capped_until_it_has_cooled(start: Start) -> None:
    phone = start(speed=300, knobs={"start_c": 46.0, "ambient_c": 45.5})
    node = "cat /sys/devices/system/cpu/cpufreq/policy7/scaling_max_freq"
    assert int(phone.shell(node)) in (1401600, 1804800)
    assert re.search("Thermal Status: [12]", phone.shell("dumpsys thermalservice"))
    phone.phone.set(ambient_c=20.0)
    assert eventually(lambda: phone.shell(node) == "2841600\n", 20)


def test_a_fast_phone_charges_fast(start: Start) -> None:
    phone = start(speed=2000, knobs={"plugged": True, "battery_pct": 70})
    capacity = "cat /sys/class/power_supply/battery/capacity"
    assert eventually(lambda: int(phone.shell(capacity)) >= 80, 20)
