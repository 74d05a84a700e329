"""The command line in this process, on this computer as the machine that is measured."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from ibd_mobile.results.archive import Run
from tests.keyboard import Command, Said, say

#: over in a moment; never used for numbers
PROTOCOL = """
schema = 1
id = "moment"
name = "for tests of the command line"
is_conforming = false
warmup_runs = 1
timed_runs = 5
rest_s = 0.0
battery_floor_pct = 20.0
battery_target_pct = 20.0
battery_max_c = 45.0
skin_max_c = 45.0
power_window_s = 0.1
power_periods = 0
idle_s = 0.0
gate_limit_s = 60.0
source = "tests"
"""
STUDY = """
schema = 1
id = "small"
name = "for tests of the command line"
models = ["shapes_classifier"]
training_frameworks = ["tensorflow"]
precisions = ["int8"]
frameworks = ["litert"]
processors = ["cpu"]
threads = [1]
batches = [1]
kinds = ["measure"]
protocol = "moment"
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Caches and settings of a user of our own, with a protocol and studies."""
    folder = tmp_path_factory.mktemp("home")
    catalog = folder / "config" / "ibd-mobile"
    for family, name, text in (
        ("protocols", "moment", PROTOCOL),
        ("studies", "small", STUDY),
        ("studies", "both", STUDY.replace("small", "both").replace('re"]', 're", "accuracy"]')),
    ):
        (catalog / family).mkdir(parents=True, exist_ok=True)
        (catalog / family / f"{name}.toml").write_text(text)
    return folder


def settle(home: Path, patch: pytest.MonkeyPatch, runs: Path) -> None:
    """Let all that follows belong to that user."""
    patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    patch.setenv("NO_COLOR", "1")
    patch.setenv("IBD_RUNS", str(runs))


@pytest.fixture(autouse=True)
def _settled(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(home, monkeypatch, tmp_path / "runs")


@pytest.fixture
def ibd() -> Command:
    """The command line; its runs go to a folder of the test."""
    return say


@dataclass(frozen=True)
class Finished:
    """A run that was made once for all tests which only read it."""

    said: Said
    runs: Path

    @property
    def path(self) -> Path:
        (found,) = self.runs.iterdir()
        return found


@pytest.fixture(scope="session")
def finished(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A measuring and an accuracy job on this computer."""
    runs = tmp_path_factory.mktemp("finished") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        settle(home, patch, runs)
        return Finished(say("run", "--device", "host_cpu", "--study", "both"), runs)


@pytest.fixture
def copied(finished: Finished, tmp_path: Path) -> Path:
    """That run where `ibd` looks for runs: the folder of the run."""
    shutil.copytree(finished.runs, tmp_path / "runs")
    return tmp_path / "runs" / finished.path.name


@pytest.fixture
def read(finished: Finished) -> Run:
    """That run, to be shown."""
    return Run.open(finished.path)
