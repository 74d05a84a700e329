"""A person at the keyboard, a simulated phone behind a real adb server, and an archive to read."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ibd_mobile.frameworks
from ibd_mobile.catalog import library
from ibd_mobile.cli import simulated
from ibd_mobile.core.registry import member
from ibd_mobile.machine.adb import AdbServer, find_adb
from ibd_mobile.sim import rack
from ibd_mobile.sim.namespace import namespaces_problem
from ibd_mobile.sim.phone import Phone
from tests.keyboard import Command, Said, say

#: short phases and no rest, so that a journey ends in seconds; never used for numbers
BRISK = """
schema = 1
id = "brisk"
name = "for journeys"
is_conforming = false
warmup_runs = 1
timed_runs = 5
rest_s = 0.0
battery_floor_pct = 20.0
battery_target_pct = 20.0
battery_max_c = 45.0
skin_max_c = 45.0
power_window_s = 1.0
power_periods = 5
idle_s = 0.4
gate_limit_s = 3600.0
source = "tests"
"""


#: one job, for journeys that are not about numbers
ONE_JOB = """
schema = 1
id = "one_{kind}"
name = "for journeys"
models = ["shapes_classifier"]
training_frameworks = ["tensorflow"]
precisions = ["int8"]
frameworks = ["{framework}"]
processors = ["cpu"]
threads = [1]
batches = [1]
kinds = ["{kind}"]
protocol = "brisk"
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Caches and settings of a user of our own, with the protocol `brisk`."""
    folder = tmp_path_factory.mktemp("home")
    for family in ("protocols", "studies", "devices"):
        (folder / "config" / "ibd-mobile" / family).mkdir(parents=True)
    add_protocol(folder, "brisk")
    for kind in ("measure", "accuracy"):
        text = ONE_JOB.format(kind=kind, framework="litert")
        (folder / "config" / "ibd-mobile" / "studies" / f"one_{kind}.toml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("NO_COLOR", "1")
        yield folder
        rack.down(simulated.standing_rack())


def add_protocol(home: Path, id: str, **changes: float) -> None:
    """Give the user of `home` a protocol like `brisk` with some values changed."""
    lines = []
    for line in BRISK.strip().splitlines():
        name = line.partition(" = ")[0]
        value = {"id": f'"{id}"', **{k: repr(float(v)) for k, v in changes.items()}}.get(name)
        lines.append(f"{name} = {value}" if value else line)
    folder = home / "config" / "ibd-mobile" / "protocols"
    (folder / f"{id}.toml").write_text("\n".join(lines) + "\n")


def only_run(runs: Path) -> Path:
    """The one run in a folder of runs."""
    (found,) = runs.iterdir()
    return found


def records(run: Path) -> list[dict[str, Any]]:
    """The filed jobs of a run."""
    return [json.loads(p.read_bytes()) for p in sorted(run.glob("jobs/*/record.json"))]


def failures(run: Path) -> list[dict[str, Any]]:
    """The failed attempts of a run, in no order that means anything."""
    return [json.loads(p.read_bytes()) for p in sorted(run.glob("failures/*.json"))]


def findings(record: dict[str, Any]) -> set[str]:
    """Ids of what spoils the numbers of a job."""
    return {finding["id"] for finding in record["findings"]}


def begun(runs: Path, phase: str, count: int = 1) -> Callable[[], bool]:
    """Whether a phase of any job was begun so many times, by the history of the run."""

    def has_begun() -> bool:
        texts = [p.read_text() for p in runs.glob("*/events.jsonl")]
        return sum(text.count(f'"phase":"{phase}"') for text in texts) >= count

    return has_begun


def at_work(phone: Phone, runs: Path, count: int = 1) -> Callable[[], bool]:
    """Whether the measured program of the so-manieth execution runs in a standing phone."""
    has_begun = begun(runs, "measure", count)
    data = simulated.standing_rack() / "userdata" / phone.name
    return lambda: has_begun() and any(data.glob("local/tmp/ibd-mobile/jobs/*/journal.jsonl"))


@contextlib.contextmanager
def meanwhile(*steps: tuple[Callable[[], bool], Callable[[], object]]) -> Iterator[None]:
    """While the block runs, wait for each condition in turn and do what belongs to it."""
    is_over = threading.Event()
    left = list(steps)

    def watch() -> None:
        while left and not is_over.is_set():
            condition, act = left[0]
            if condition():
                act()
                del left[0]
            else:
                time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
    assert not left, f"{len(left)} of {len(steps)} conditions never came true"


def command_line(runs: Path) -> Command:
    """The command line in this process, with its runs in a folder."""

    def command(*words: str) -> Said:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IBD_RUNS", str(runs))
            return say(*words)

    return command


@pytest.fixture
def ibd(home: Path, tmp_path: Path) -> Command:
    """The command line; runs go to a folder of the test."""
    return command_line(tmp_path / "runs")


@pytest.fixture(scope="module")
def fake(home: Path) -> Iterator[Any]:
    """The framework `fake` of these tests, found like any other, and devices that have it."""
    own = home / "config" / "ibd-mobile"
    for id in ("sd855", "host_cpu"):
        device = (library.folder("devices") / f"{id}.toml").read_text()
        with_fake = device.replace("accelerators = {", 'accelerators = { fake = "cpu",', 1)
        assert with_fake != device
        (own / "devices" / f"{id}.toml").write_text(with_fake)
    study = ONE_JOB.format(kind="accuracy", framework="fake").replace("one_", "fake_")
    (own / "studies" / "fake_accuracy.toml").write_text(study)
    path = ibd_mobile.frameworks.__path__
    path.append(str(Path(__file__).parent / "frameworks"))
    yield member("ibd_mobile.frameworks", "fake")
    path.pop()


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a program that is no adb server."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(100)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    yield int(listener.getsockname()[1])
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture(scope="session")
def needs_namespaces() -> None:
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")


def switch_on(speed: float, **knobs: object) -> Phone:
    """Start a phone in the standing rack, as a person would, from a process that ends after it."""
    words = ["sim", "up", "sd855", "--speed", f"{speed}"]
    for name, value in knobs.items():
        words += ["--knob", f"{name}={json.dumps(value)}"]
    script = "from ibd_mobile.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    return rack.attach(simulated.standing_rack(), done.stdout.split()[0])


@pytest.fixture(scope="session")
def phone(home: Path, needs_namespaces: None) -> Phone:
    """A Snapdragon 855 phone that stays up for all journeys which do it no harm."""
    return switch_on(speed=120.0)


@pytest.fixture
def own_phone(phone: Phone) -> Iterator[Callable[..., Phone]]:
    """Makes phones of the test's own, which it may break; named sd855-2 and so on."""
    made: list[Phone] = []

    def make(*, speed: float = 120.0, **knobs: object) -> Phone:
        made.append(switch_on(speed, **knobs))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def adb_port(phone: Phone) -> int:
    """The port of the adb server that has a phone of the standing rack."""
    up = rack.running(simulated.standing_rack())
    return next(p.server_port for p in up if p.serial == phone.serial)


def shell(phone: Phone, command: str) -> str:
    """What a command says in a phone of the standing rack."""
    words = [find_adb(), "-P", str(adb_port(phone)), "-s", phone.serial, "shell", command]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def is_listed_as(phone: Phone, state: str) -> Callable[[], bool]:
    """Whether the standing adb server lists a phone in that state."""
    server = AdbServer(adb_port(phone))
    return lambda: any((d.serial, d.state) == (phone.serial, state) for d in server.devices())


def wait_until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Look again and again until it is so."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, "never came true"
        time.sleep(0.02)
