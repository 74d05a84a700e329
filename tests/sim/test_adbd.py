"""Services besides shell and sync, through a real adb."""

import re
import socket
import time

import pytest

from ibd_mobile.sim.adbd import _EMULATOR_PORTS, _free_listener

from .conftest import Handle


def test_a_free_port_is_never_an_emulators() -> None:
    listener = _free_listener(0)
    try:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert port not in _EMULATOR_PORTS
    finally:
        listener.close()


def test_adb_lists_it_with_its_names(either: Handle) -> None:
    listed = either.rack.adb("devices", "-l").stdout.decode()
    row = next(row for row in listed.splitlines() if row.startswith(either.phone.serial))
    assert re.search(r"device product:flame model:Pixel_4 device:flame transport_id:\d+", row)


def test_a_forwarded_port_reaches_a_listener_in_the_phone(either: Handle) -> None:
    if either.adb("shell", "toybox nc --help").returncode != 0:
        pytest.skip("no toybox on this computer, so the phone has no nc")
    done = either.adb("forward", "tcp:0", "tcp:7777")
    port = int(done.stdout)
    either.shell(
        "setsid sh -c 'echo from the phone | toybox nc -l -p 7777' </dev/null >/dev/null 2>&1 &"
    )
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        assert link.recv(100) == b"from the phone\n"
    either.adb("forward", "--remove-all")


def test_waiting_for_the_device_ends(either: Handle) -> None:
    assert either.adb("wait-for-device", timeout_s=5).returncode == 0
    assert either.adb("get-state").stdout == b"device\n"


def test_nothing_can_be_installed(either: Handle) -> None:
    assert either.adb("install", __file__).returncode != 0


def test_remounting_is_refused(either: Handle) -> None:
    assert b"remount" in either.adb("remount").stdout + either.adb("remount").stderr
