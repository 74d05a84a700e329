"""Racks: what they start, and that nothing is left of them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.sim.namespace import package_path
from ibd_mobile.sim.rack import Rack, attach, down, running

from .conftest import WHEEL_ADB as ADB
from .conftest import Handle, eventually

_HOLDER = """
import sys, time
from pathlib import Path
from ibd_mobile.sim.rack import Rack
with Rack(Path(sys.argv[1]), sys.argv[2]) as rack:
    phone = rack.start("sd855")
    rack.adb("-s", phone.serial, "shell", "setsid sleep 1000 </dev/null >/dev/null 2>&1 &")
    print(rack.server_port, phone.port, phone.pid, flush=True)
    time.sleep(100)
"""


def processes_of(root: Path) -> list[str]:
    """Return the command lines of all that belongs to a rack."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(root) in text and "ibd_mobile.sim." in text and _HOLDER not in text:
            found.append(text)
    return found


def is_listening(port: int) -> bool:
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


def held(root: Path) -> tuple["subprocess.Popen[str]", int, int, int]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(root), ADB],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": package_path()},
    )
    assert holder.stdout is not None
    server_port, port, pid = map(int, holder.stdout.readline().split())
    return holder, server_port, port, pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_rack_whose_holder_is_killed(tmp_path: Path, number: int) -> None:
    holder, server_port, port, _ = held(tmp_path)
    try:
        assert is_listening(server_port)
        assert is_listening(port)
        assert processes_of(tmp_path)
    finally:
        holder.send_signal(number)
        holder.communicate()
    assert eventually(lambda: not processes_of(tmp_path)), processes_of(tmp_path)
    assert eventually(lambda: not is_listening(server_port) and not is_listening(port))
    assert eventually(lambda: list((tmp_path / "phones").glob("*")) == [])
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_nothing_is_left_of_a_phone_whose_daemon_is_killed(tmp_path: Path) -> None:
    holder, _, port, pid = held(tmp_path)
    try:
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not any("sim.zygote" in text for text in processes_of(tmp_path)))
        assert not is_listening(port)
        assert running(tmp_path) == []
    finally:
        holder.kill()
        holder.communicate()
    assert eventually(lambda: not processes_of(tmp_path))


def test_a_rack_that_is_left_leaves_only_userdata(tmp_path: Path) -> None:
    with Rack(tmp_path, ADB) as rack:
        phone = rack.start("sd855")
        assert [found.serial for found in running(tmp_path)] == [phone.serial]
    assert running(tmp_path) == []
    assert processes_of(tmp_path) == []
    assert list((tmp_path / "phones").glob("*")) == []
    assert (tmp_path / "userdata" / "sd855" / "local" / "tmp").is_dir()


def test_pushed_files_stay_between_starts(tmp_path: Path) -> None:
    for expected in (1, 0):
        with Rack(tmp_path / "rack", ADB) as rack:
            handle = Handle(rack, rack.start("sd855", userdata=tmp_path / "data"))
            there = handle.adb("shell", "test -f /data/local/tmp/file").returncode
            assert there == expected
            handle.shell("echo x > /data/local/tmp/file")


def test_a_rack_that_stays_is_found_and_ended_by_others(tmp_path: Path) -> None:
    with Rack(tmp_path, ADB, stays=True) as first:
        serial = first.start("sd855").serial
    try:
        with Rack(tmp_path, ADB, stays=True) as second:
            assert second.server_port == first.server_port, "one server for all"
            other = second.start("sd855").serial
        assert {phone.serial for phone in running(tmp_path)} == {serial, other}
        phone = attach(tmp_path, serial)
        phone.set(battery_pct=50)
        assert second.adb("-s", serial, "shell", "echo there").stdout == b"there\n"
    finally:
        assert down(tmp_path) == 2
    assert processes_of(tmp_path) == []
    assert not is_listening(first.server_port)


def test_phones_of_one_rack_are_apart(start) -> None:  # type: ignore[no-untyped-def]
    first, second = start(), start()
    first.shell("echo mine > /data/local/tmp/mine")
    assert second.shell("ls /data/local/tmp") == ""
    assert first.phone.serial != second.phone.serial


def test_ports_are_loopback_and_not_an_emulators(retail: Handle) -> None:
    assert not 5555 <= retail.phone.port <= 5585
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    for port in (retail.phone.port, retail.rack.server_port):
        rows = [row for row in listening.splitlines() if f":{port:04X} " in row and " 0A " in row]
        assert rows
        assert all("0100007F:" in row for row in rows), "127.0.0.1 only"


def test_the_control_socket_is_its_owners(rack: Rack, retail: Handle) -> None:
    sockets = list(rack.root.glob("phones/*/control.sock"))
    assert sockets
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in sockets)


def test_an_unknown_phone_is_not_attached(rack: Rack) -> None:
    with pytest.raises(InputError, match="sim list"):
        attach(rack.root, "127.0.0.1:1")


def test_a_wrong_knob_is_told_by_the_rack(rack: Rack) -> None:
    with pytest.raises(Exception, match="batery_pct"):
        rack.start("sd855", knobs={"batery_pct": 5})
