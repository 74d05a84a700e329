import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.device import ChargeStop, Phone
from ibd_mobile.core.errors import DataError, PhoneGone, PhoneNotReady
from ibd_mobile.core.study import Protocol
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.prepare import prepare, restore, screen_state
from ibd_mobile.machine.sensors import read_battery

from .conftest import Handset, SmallAndroid, soon

PROTOCOL = Protocol(
    schema=1, id="x", name="x", is_conforming=False, warmup_runs=1, timed_runs=5, rest_s=0,
    battery_floor_pct=80, battery_max_c=40, skin_max_c=40, power_window_s=1, power_periods=1,
    idle_s=0, gate_limit_s=1, battery_target_pct=90, source="a test",
)  # fmt: skip


def phone_with(node: Path) -> Phone:
    stop = ChargeStop(
        node=str(node), stop="1", allow="0", needs_root=False, effect="input-cut", source="t"
    )
    return Phone(
        schema=1, id="p", name="P", device="d", recognise=[], sensors=[], charge_stops=[stop]
    )


def test_a_phone_is_prepared_and_put_back(android: SmallAndroid, tmp_path: Path) -> None:
    before, as_found = android.settings(), tmp_path / "as_found.json"
    changes = prepare(android.link, None, PROTOCOL, as_found)
    assert changes == [
        "system/screen_brightness_mode: 1 → 0",
        "system/screen_brightness: unset → 10",
        "system/screen_off_timeout: 60000 → 2147483647",
    ]
    assert android.settings()["system.screen_off_timeout"] == "2147483647"
    assert restore(android.link, as_found) == [
        "system/screen_brightness_mode: 1 again",
        "system/screen_brightness: unset again",
        "system/screen_off_timeout: 60000 again",
    ]
    assert android.settings() == before
    assert not as_found.exists()
    assert restore(android.link, as_found) == [], "a second time there is nothing to do"


def test_a_phone_that_is_as_wanted_is_left_alone(android: SmallAndroid, tmp_path: Path) -> None:
    prepare(android.link, None, PROTOCOL, tmp_path / "first.json")
    assert prepare(android.link, None, PROTOCOL, tmp_path / "second.json") == []
    assert not (tmp_path / "second.json").exists()


def test_a_host_is_left_alone(tmp_path: Path) -> None:
    assert prepare(LocalLink(tmp_path), None, PROTOCOL, tmp_path / "as_found.json") == []
    assert list(tmp_path.iterdir()) == []


def test_old_values_are_on_disk_before_a_setting_is_touched(
    android: SmallAndroid, tmp_path: Path
) -> None:
    as_found = tmp_path / "as_found.json"
    spy = tmp_path / "bin" / "settings"
    spy.write_text(
        spy.read_text().replace(
            "put) if", f'put) cp "{as_found}" "$STATE/seen-$3" || exit 9; if', 1
        )
    )
    prepare(android.link, None, PROTOCOL, as_found)
    for name in ("screen_brightness_mode", "screen_brightness", "screen_off_timeout"):
        seen = json.loads((android.state / f"seen-{name}").read_bytes())
        assert {c["key"]: c["old"] for c in seen["changes"]}[f"system/{name}"] in (
            "1", "null", "60000",
        )  # fmt: skip


def test_a_killed_process_is_undone_by_the_next(android: SmallAndroid, tmp_path: Path) -> None:
    before, as_found = android.settings(), tmp_path / "as_found.json"
    program = f"""
        import os, signal
        from pathlib import Path
        from ibd_mobile.machine.local import LocalLink
        from ibd_mobile.machine.prepare import prepare
        prepare(LocalLink(Path("{tmp_path}/root")), None, None, Path("{as_found}"))
        os.kill(os.getpid(), signal.SIGKILL)
        """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert killed.returncode == -9
    assert android.settings() != before
    assert len(restore(android.link, as_found)) == 3
    assert android.settings() == before


def test_a_second_prepare_after_a_kill_keeps_how_it_was_found(
    android: SmallAndroid, tmp_path: Path
) -> None:
    before, as_found = android.settings(), tmp_path / "as_found.json"
    prepare(android.link, None, PROTOCOL, as_found)
    android.set("system.screen_off_timeout", "15000")  # somebody plays with the phone
    prepare(android.link, None, PROTOCOL, as_found)
    restore(android.link, as_found)
    assert android.settings() == before


def test_a_setting_that_is_refused_is_told_with_the_reason(
    android: SmallAndroid, tmp_path: Path
) -> None:
    android.set("locked", "")
    changes = prepare(android.link, None, PROTOCOL, tmp_path / "as_found.json")
    assert (
        "system/screen_off_timeout: could not be set to 2147483647 and is 60000"
        " (java.lang.SecurityException: not allowed)"
    ) in changes


def test_a_dark_screen_is_woken_and_darkened_again(android: SmallAndroid, tmp_path: Path) -> None:
    android.set("wakefulness", "Asleep")
    changes = prepare(android.link, None, PROTOCOL, tmp_path / "as_found.json")
    assert "screen: off → on" in changes
    assert screen_state(android.link) == "dim"
    restore(android.link, tmp_path / "as_found.json")
    assert screen_state(android.link) == "off"


def test_a_screen_that_stays_dark_is_no_state_to_measure_in(
    android: SmallAndroid, tmp_path: Path
) -> None:
    android.set("wakefulness", "Asleep")
    android.set("locked", "")
    with pytest.raises(PhoneNotReady, match=r"its screen stays off: .*INJECT_EVENTS"):
        prepare(android.link, None, PROTOCOL, tmp_path / "as_found.json")


@pytest.mark.parametrize("old", ["0", ""])
def test_charging_is_stopped_and_allowed_again(
    android: SmallAndroid, tmp_path: Path, old: str
) -> None:
    node, as_found = tmp_path / "input_suspend", tmp_path / "as_found.json"
    node.write_text(old)
    changes = prepare(android.link, phone_with(node), PROTOCOL, as_found)
    assert f"{node}: 0 → 1" in changes
    assert node.read_text() == "1"
    restore(android.link, as_found)
    assert node.read_text() == "0"


def test_charging_that_was_stopped_before_stays_stopped(
    android: SmallAndroid, tmp_path: Path
) -> None:
    node, as_found = tmp_path / "input_suspend", tmp_path / "as_found.json"
    node.write_text("1\n")
    assert not [c for c in prepare(android.link, phone_with(node), PROTOCOL, as_found) if "1" in c
                and "suspend" in c]  # fmt: skip
    restore(android.link, as_found)
    assert node.read_text() == "1\n"


def test_a_file_of_another_phone_is_not_put_into_this_one(
    android: SmallAndroid, tmp_path: Path
) -> None:
    as_found = tmp_path / "as_found.json"
    prepare(android.link, None, PROTOCOL, as_found)
    as_found.write_text(as_found.read_text().replace('"host"', '"2f01"'))
    with pytest.raises(DataError, match="is of phone 2f01, but host is in its slot"):
        restore(android.link, as_found)


def test_a_damaged_file_is_named(android: SmallAndroid, tmp_path: Path) -> None:
    as_found = tmp_path / "as_found.json"
    as_found.write_text("{")
    with pytest.raises(DataError, match="does not tell how the phone was found"):
        restore(android.link, as_found)
    assert as_found.exists()


def settings_of(handset: Handset) -> str:
    script = "for k in screen_brightness_mode screen_brightness screen_off_timeout;do "
    script += "settings get system $k;done"
    return handset.link.run(["sh", "-c", script], timeout_s=20).output


def test_a_phone_behind_adb_is_prepared_and_put_back(
    start: Callable[..., Handset], tmp_path: Path
) -> None:
    handset = start(rooted=True, plugged=True, screen_on=False)
    link, pixel, as_found = handset.link, library.phones()["pixel_4"], tmp_path / "as_found.json"
    before = settings_of(handset)
    changes = prepare(link, pixel, PROTOCOL, as_found)
    assert settings_of(handset) == "0\n10\n2147483647\n"
    assert screen_state(link) == "dim"
    assert not [c for c in changes if "could not" in c], changes
    assert [c for c in changes if "input_suspend: 0 → 1" in c]
    restore(link, as_found)
    assert settings_of(handset) == before
    assert screen_state(link) == "off"
    assert soon(lambda: read_battery(link, pixel.sensors).status == "charging")


def test_a_phone_that_leaves_before_it_is_put_back_can_be_put_back_later(
    handset: Handset, tmp_path: Path
) -> None:
    before, as_found = settings_of(handset), tmp_path / "as_found.json"
    prepare(handset.link, None, PROTOCOL, as_found)
    handset.phone.fault("gone", seconds=1)
    with pytest.raises(PhoneGone):
        restore(handset.link, as_found)
    assert as_found.exists()
    handset.link.reconnect(20)
    restore(handset.link, as_found)
    assert settings_of(handset) == before
