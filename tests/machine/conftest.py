"""Two kinds of phone to test with.

A small Android on this computer's PATH: real programs, with the state of a phone in files.
A simulated phone behind a real adb server, once for every adb program there is.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import adbutils
import pytest

from ibd_mobile.machine.adb import AdbLink, AdbServer
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.sim.rack import Phone, Rack

_SETTINGS = """\
f="$STATE/$2.$3"
case $1 in
get) cat "$f" 2>/dev/null || echo null;;
put) if [ -e "$STATE/locked" ];then echo "java.lang.SecurityException: not allowed" >&2;exit 255
else echo "$4" >"$f";echo "put $3 $4" >>"$STATE/log";fi;;
delete) rm -f "$f";echo "Deleted 1 rows";;
esac
"""
_INPUT = """\
[ -e "$STATE/locked" ] && { echo "SecurityException: INJECT_EVENTS" >&2;exit 1;}
case $2 in 224) echo Awake;;223) echo Asleep;;esac >"$STATE/wakefulness"
"""
_DUMPSYS = """\
[ "$1" = power ] || { echo "Can't find service: $1";exit 1;}
echo "POWER MANAGER (dumpsys power)";echo "  mWakefulness=$(cat "$STATE/wakefulness")"
"""


@dataclass(frozen=True)
class SmallAndroid:
    """A link to this computer, and the folder of what the programs there remember."""

    link: LocalLink
    state: Path

    def settings(self) -> dict[str, str]:
        """Name every setting with its value."""
        return {p.name: p.read_text().strip() for p in self.state.glob("s*.*") if "." in p.name}

    def set(self, name: str, value: str) -> None:
        """Put a setting, or another state, as it stands before anyone comes."""
        (self.state / name).write_text(value + "\n")


@dataclass(frozen=True)
class Handset:
    """A simulated phone, and the link to it that is tested."""

    phone: Phone
    link: AdbLink
    data: Path  #: its /data


@pytest.fixture
def android(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallAndroid:
    """Return a phone with its screen on and factory settings."""
    programs, state = tmp_path / "bin", tmp_path / "state"
    programs.mkdir()
    state.mkdir()
    bodies = {"settings": _SETTINGS, "input": _INPUT, "dumpsys": _DUMPSYS, "wm": ":\n"}
    for name, body in bodies.items():
        (programs / name).write_text("#!/bin/sh\n" + body)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("STATE", str(state))
    android = SmallAndroid(LocalLink(tmp_path / "root"), state)
    android.set("system.screen_brightness_mode", "1")
    android.set("system.screen_off_timeout", "60000")
    android.set("wakefulness", "Awake")
    return android


def adb_programs() -> list[str]:
    """Name every adb there is: the Debian one exits 0 where a phone dies, the wheel's does not."""
    wheel = Path(adbutils.__file__).parent / "binaries" / "adb"
    found = [shutil.which("adb"), str(wheel) if os.access(wheel, os.X_OK) else None]
    return [path for path in dict.fromkeys(found) if path]


@pytest.fixture(scope="module", params=adb_programs(), ids=lambda p: Path(p).parent.name)
def rack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rack]:
    """Return a rack behind each adb server in turn."""
    with Rack(tmp_path_factory.mktemp("rack"), request.param) as rack:
        yield rack


@pytest.fixture
def start(rack: Rack, tmp_path: Path) -> Iterator[Callable[..., Handset]]:
    """Return a way to start phones with knobs; they are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(speed: float = 1.0, **knobs: object) -> Handset:
            data = Path(tempfile.mkdtemp(dir=tmp_path))
            data.chmod(0o755)
            phone = rack.start("sd855", userdata=data, speed=speed, knobs=knobs)
            stack.callback(phone.stop)
            return Handset(phone, AdbLink(AdbServer(rack.server_port), phone.serial), data)

        yield start


@pytest.fixture
def handset(start: Callable[..., Handset]) -> Handset:
    """Return a phone as it comes from the shelf."""
    return start()


def soon(is_so: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Wait for something that a phone does in its own time."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if is_so():
            return True
        time.sleep(0.1)
    return is_so()
