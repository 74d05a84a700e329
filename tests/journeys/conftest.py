"""A person at the keyboard, a simulated phone behind a real adb server, and an archive to read."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ibd_mobile.cli import app, console, simulated
from ibd_mobile.machine.adb import find_adb
from ibd_mobile.sim import rack
from ibd_mobile.sim.namespace import namespaces_problem

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


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Caches and settings of a user of our own, with the protocol `brisk`."""
    folder = tmp_path_factory.mktemp("home")
    protocols = folder / "config" / "ibd-mobile" / "protocols"
    protocols.mkdir(parents=True)
    (protocols / "brisk.toml").write_text(BRISK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("NO_COLOR", "1")
        yield folder
        rack.down(simulated.standing_rack())


def command_line(runs: Path) -> Command:
    """The command line in this process, with its runs in a folder."""

    def command(*words: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        console.out.cache_clear()
        console.err.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IBD_RUNS", str(runs))
            patch.setattr(sys, "argv", ["ibd-mobile", *words])
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                pytest.raises(SystemExit) as end,
            ):
                app.main()
        assert isinstance(end.value.code, int)
        return Said(end.value.code, out.getvalue(), err.getvalue())

    return command


@pytest.fixture
def ibd(home: Path, tmp_path: Path) -> Command:
    """The command line; runs go to a folder of the test."""
    return command_line(tmp_path / "runs")


@pytest.fixture(scope="session")
def needs_namespaces() -> None:
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")


@pytest.fixture(scope="session")
def phone(home: Path, needs_namespaces: None) -> Iterator[rack.Phone]:
    """A Snapdragon 855 phone that stays up for all journeys which do it no harm."""
    with rack.Rack(simulated.standing_rack(), find_adb(), stays=True) as standing:
        yield standing.start("sd855", speed=120.0)


@pytest.fixture
def own_phone(home: Path, needs_namespaces: None) -> Iterator[Callable[..., rack.Phone]]:
    """Makes phones of the test's own, which it may break; named sd855-2 and so on."""
    made: list[rack.Phone] = []

    def make(**options: object) -> rack.Phone:
        with rack.Rack(simulated.standing_rack(), find_adb(), stays=True) as standing:
            made.append(standing.start("sd855", **{"speed": 120.0, **options}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.stop()
