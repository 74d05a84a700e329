from ibd_mobile.sim import profile
from ibd_mobile.sim.picture import BatteryPicture, ThermalPicture

PROFILE = profile.read("sd855")


def renew(
    picture: BatteryPicture, now_s: float, level_pct: int = 80, plugged: bool = False
) -> str | None:
    return picture.renew(
        now_s,
        is_plugged=plugged,
        status="Discharging",
        level_pct=level_pct,
        voltage_v=4.1234,
        temperature_c=25.34,
        counter=2_240_000,
    )


def test_the_picture_is_old_until_something_happens() -> None:
    picture = BatteryPicture()
    assert "level=80\n" in (renew(picture, 0) or "")
    assert renew(picture, 100) is None
    assert "level=79\n" in (renew(picture, 101, level_pct=79) or "")


def test_the_chore_renews_it_sooner_on_a_cable() -> None:
    picture = BatteryPicture()
    renew(picture, 0)
    assert renew(picture, 599) is None
    assert renew(picture, 600) is not None
    renew(picture, 601, plugged=True)
    assert renew(picture, 662, plugged=True) is not None


def test_every_picture_is_as_long_as_the_last() -> None:
    picture = BatteryPicture()
    assert len({len(renew(picture, n, level_pct=n) or "") for n in (5, 50, 100)}) == 1


def test_a_hot_skin_is_a_status() -> None:
    picture = ThermalPicture(PROFILE.zones, PROFILE.cooling)
    zone_c = {zone.type: 30.0 for zone in PROFILE.zones}
    assert "Thermal Status: 0\n" in picture.text(zone_c, {})
    hot = zone_c | {"sdm-therm-monitor": 47.5}
    text = picture.text(hot, {"thermal-cpufreq-7": 9})
    assert "Thermal Status: 2\n" in text
    assert "mValue=47.5, mType=3, mName=sdm-therm-monitor, mStatus=2" in text
    assert "CoolingDevice{mValue=9, mType=2, mName=thermal-cpufreq-7}" in text


def test_cached_temperatures_are_of_the_last_event() -> None:
    picture = ThermalPicture(PROFILE.zones, PROFILE.cooling)
    zone_c = {zone.type: 30.0 for zone in PROFILE.zones}
    picture.text(zone_c, {})
    text = picture.text(zone_c | {"sdm-therm-monitor": 35.0}, {})
    cached, _, current = text.partition("HAL Ready")
    assert "mValue=30.0, mType=3, mName=sdm-therm-monitor" in cached
    assert "mValue=35.0, mType=3, mName=sdm-therm-monitor" in current
