import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.sim import profile
from ibd_mobile.sim.battery import Supply
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.physics import Physics
from ibd_mobile.sim.reading import battery_texts

from .conftest import eventually


@pytest.mark.parametrize("name", profile.names())
def test_every_profile_is_whole(name: str) -> None:
    read = profile.read(name)
    assert read.id == name
    assert {cpu for cluster in read.clusters for cpu in cluster.cpus} == set(range(8))
    for cluster in read.clusters:
        assert cluster.steps == sorted(cluster.steps)
    for table in (read.battery.ocv_mv, read.battery.resistance_pct):
        assert table == sorted(table)
    zones = {zone.type for zone in read.zones}
    assert {cap.zone for cap in read.caps} <= zones
    bodies = {node.name for node in read.heat_nodes}
    assert {zone.follows for zone in read.zones} <= bodies | {""}
    assert bodies == {"soc", "skin", "battery"}


@pytest.mark.parametrize("name", profile.names())
def test_every_live_node_has_a_reading(name: str) -> None:
    read = profile.read(name)
    texts = battery_texts(Physics(read, Knobs()), Supply())
    for reading in read.live_nodes.values():
        assert texts[reading]()


@pytest.mark.parametrize("name", profile.names())
def test_recorded_properties_carry_nothing_of_a_person(name: str) -> None:
    for key, value in profile.read(name).all_properties().items():
        assert "imei" not in key.lower() or not value
        assert "REDACTED" not in value


def test_an_unknown_phone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="sd855"):
        profile.read("sd999")


@pytest.mark.parametrize(
    ("name", "platform", "node", "positive"),
    [
        ("sd855", "msmnile", "battery/current_now", "discharging"),
        ("sd845", "sdm845", "battery/current_now", "charging"),
        ("kirin980", "kirin980", "Battery/current_now", "charging"),
    ],
)
def test_every_phone_starts_and_has_its_own_gauge(start, name, platform, node, positive) -> None:  # type: ignore[no-untyped-def]
    phone = start(name)
    assert phone.shell("getprop ro.board.platform").strip() == platform
    per_a = 1e6 if profile.read(name).gauge.unit == "uA" else 1e3

    def shown_a() -> float:
        return int(phone.shell(f"cat /sys/class/power_supply/{node}")) / per_a

    # a phone that has just booted shows its first moments until the gauge is renewed
    assert eventually(lambda: 0.02 < abs(shown_a()) < 0.5)
    assert (shown_a() > 0) == (positive == "discharging")
    assert "  level: 92\n" in phone.shell("dumpsys battery")


def test_what_a_phone_does_not_tell_the_shell_is_not_told(start) -> None:  # type: ignore[no-untyped-def]
    phone = start("kirin980")
    base = "/sys/devices/system/cpu/cpu6/cpufreq"
    assert phone.shell(f"cat {base}/cpuinfo_max_freq") == "2600000\n"
    assert phone.adb("shell", f"cat {base}/scaling_max_freq").returncode == 1
    assert b"Can't find service" in phone.adb("shell", "dumpsys thermalservice").stderr
    counter = phone.shell("dumpsys battery | grep counter").split()[-1]
    assert 3000 < int(counter) < 3900, "mAh, whatever the contract says"
