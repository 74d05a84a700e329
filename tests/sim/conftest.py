"""Racks of real simulated phones behind real adb servers."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import adbutils
import pytest

from ibd_mobile.sim.namespace import namespaces_problem
from ibd_mobile.sim.rack import Phone, Rack

Adb = Callable[..., "CompletedProcess[bytes]"]

WHEEL_ADB = str(Path(adbutils.__file__).parent / "binaries" / "adb")
SYSTEM_ADB = shutil.which("adb") or ""


class Handle:
    """One phone and the rack it lies in."""

    def __init__(self, rack: Rack, phone: Phone) -> None:
        self.rack = rack
        self.phone = phone

    def adb(self, *words: str, timeout_s: float = 30) -> "CompletedProcess[bytes]":
        return self.rack.adb("-s", self.phone.serial, *words, timeout_s=timeout_s)

    def shell(self, command: str) -> str:
        """Return what a command that must succeed prints."""
        done = self.adb("shell", command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout.decode()

    def wait(self, timeout_s: float = 30) -> None:
        self.adb("wait-for-device", timeout_s=timeout_s)


def eventually(holds: Callable[[], object], timeout_s: float = 15) -> bool:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="session", autouse=True)
def _namespaces() -> None:
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone can run here: {problem}")


@pytest.fixture(scope="session", params=["wheel", "system"])
def adb_path(request: pytest.FixtureRequest) -> str:
    path = WHEEL_ADB if request.param == "wheel" else SYSTEM_ADB
    if not path or not Path(path).exists():
        pytest.skip(f"the {request.param}'s adb is not installed")
    return path


@pytest.fixture(scope="session")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    with Rack(tmp_path_factory.mktemp("rack"), WHEEL_ADB) as rack:
        yield rack


@pytest.fixture(scope="session")
def retail(rack: Rack) -> Handle:
    """A phone as sold; tests leave it as it was."""
    return Handle(rack, rack.start("sd855"))


@pytest.fixture(scope="session")
def rooted(rack: Rack) -> Handle:
    """A rooted phone on a cable; tests leave it as it was."""
    return Handle(rack, rack.start("sd855", knobs={"rooted": True, "plugged": True}))


@pytest.fixture
def start(rack: Rack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Handle]]:
    """Start phones of one test, and stop them after it."""
    phones: list[Phone] = []

    def start_one(profile: str = "sd855", **options: object) -> Handle:
        options.setdefault("userdata", tmp_path_factory.mktemp("userdata"))
        phones.append(rack.start(profile, **options))  # type: ignore[arg-type]
        return Handle(rack, phones[-1])

    yield start_one
    for phone in phones:
        phone.stop()


@pytest.fixture(scope="session")
def either(adb_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    """A phone behind Debian's adb, then one behind the wheel's."""
    with Rack(tmp_path_factory.mktemp("either"), adb_path) as rack:
        yield Handle(rack, rack.start("sd855", knobs={"rooted": True}))
