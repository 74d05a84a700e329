from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.machine.device_list import AdbDevice, parse_devices

DATA = Path(__file__).parents[1] / "data" / "machine"


def test_a_recorded_list_is_read() -> None:
    found = parse_devices((DATA / "adb_devices_l.txt").read_text())
    assert found[:4] == [
        AdbDevice(serial="2f019965", state="device", model="ONEPLUS_A6000", product="OnePlus6"),
        AdbDevice(
            serial="192.168.0.108:41567",
            state="device",
            model="ONEPLUS_A6010",
            product="OnePlus6T",
        ),
        AdbDevice(serial="127.0.0.1:15602", state="unauthorized"),
        AdbDevice(serial="127.0.0.1:15603", state="offline"),
    ]


def test_a_state_with_blanks_and_an_address_in_it_is_one_state() -> None:
    found = parse_devices((DATA / "adb_devices_l.txt").read_text())[4]
    assert found.serial == "0123456789ABCDEF"
    assert found.state.startswith("no permissions (user in plugdev")
    assert found.state.endswith("device.html]")


def test_an_empty_list_is_no_phone() -> None:
    assert parse_devices("") == []
    assert parse_devices("\n") == []


@given(st.text())
def test_no_list_is_too_strange(text: str) -> None:
    parse_devices(text)
