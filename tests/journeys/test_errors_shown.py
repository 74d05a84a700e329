"""Every leaf of the error tree, as a person sees it: subject, fact, and one thing to try.

Each leaf has one journey here, the cheapest that leads to it; the other journeys show more of
them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core import errors
from ibd_mobile.core.errors import IbdError
from ibd_mobile.sim.phone import Phone
from tests.cli.filed import file_run
from tests.journeys.conftest import (
    Command,
    Said,
    adb_port,
    failures,
    is_listed_as,
    only_run,
    wait_until,
)
from tests.results.compared import FLOAT, with_job, with_precision


@dataclass
class Stage:
    """What a journey may use."""

    ibd: Command
    fake: Any
    phone: Phone
    own_phone: Callable[..., Phone]
    stranger: int
    tmp_path: Path
    monkeypatch: pytest.MonkeyPatch

    def fail(self, failure: str, *words: str) -> Said:
        """Run the fake framework on this computer, told to fail."""
        threads = str(self.fake.threads(failure))
        where = ("--device", "host_cpu", "--study", "fake_accuracy", "--threads", threads)
        return self.ibd("run", *where, *words)


Journey = Callable[[Stage], Said]
#: leaf -> its journey, its words with the remedy's
JOURNEYS: dict[type[IbdError], tuple[Journey, str, str]] = {}


def shows(leaf: type[IbdError], text: str, remedy: str) -> Callable[[Journey], Journey]:
    def register(journey: Journey) -> Journey:
        JOURNEYS[leaf] = (journey, text, remedy)
        return journey

    return register


@shows(errors.InputError, "device 'host_gpu': does not exist", "Did you mean 'host_cpu'?")
def name_what_does_not_exist(stage: Stage) -> Said:
    return stage.ibd("run", "--device", "host_gpu", "--adb-port", str(adb_port(stage.phone)))


@shows(errors.HostError, "does not speak as an adb server", "Set ANDROID_ADB_SERVER_PORT")
def ask_a_port_where_no_adb_server_is(stage: Stage) -> Said:
    return stage.ibd("run", "--device", "sd855", "--adb-port", str(stage.stranger))


@shows(errors.PhoneError, "phone is connected (adb lists: ", "or add --sim")
def ask_for_a_phone_that_is_not_connected(stage: Stage) -> Said:
    return stage.ibd("run", "--device", "kirin980", "--adb-port", str(adb_port(stage.phone)))


@shows(errors.PhoneGone, "cannot be connected to: ", "Check address and network")
def use_a_phone_that_left(stage: Stage) -> Said:
    phone = stage.own_phone()
    phone.fault("gone")
    wait_until(is_listed_as(phone, "offline"))
    return stage.ibd("run", "--device", phone.name, "--sim")


@shows(errors.PhoneUnauthorized, "has not accepted this computer's adb key", "Unlock the phone")
def use_a_phone_that_does_not_trust(stage: Stage) -> Said:
    phone = stage.own_phone()
    phone.set(auth="refuse")
    wait_until(is_listed_as(phone, "unauthorized"))
    return stage.ibd("run", "--device", phone.name, "--sim")


@shows(errors.PhoneNotReady, "is no device of the catalog (ro.board.platform", "CONTRIBUTING")
def use_a_phone_that_nobody_described(stage: Stage) -> Said:
    stage.monkeypatch.setenv("XDG_CONFIG_HOME", str(stage.tmp_path))
    for family, id in (("devices", "sd855"), ("phones", "pixel_4")):
        text = (library.folder(family) / f"{id}.toml").read_text()
        for known in ("SM8150", "msmnile", "flame", "Pixel 4"):
            text = text.replace(f'["{known}"]', '["another"]')
        own = stage.tmp_path / "ibd-mobile" / family
        own.mkdir(parents=True)
        (own / f"{id}.toml").write_text(text)
    port = str(adb_port(stage.phone))
    return stage.ibd("run", "--device", stage.phone.serial, "--adb-port", port)


@shows(errors.ValidityError, "they also differ in threads (1 / 4)", "Choose two that differ")
def compare_what_differs_in_two_things(stage: Stage) -> Said:
    other = with_job(with_precision(FLOAT), threads=4)
    file_run(stage.tmp_path / "runs", "2026-01-01T00-00-00Z_x", [FLOAT, other])
    return stage.ibd("compare", ":precision=float32", ":precision=int8")


@shows(errors.PayloadFailed, "the program was ended by SIGSEGV", "adb logcat")
def run_a_program_that_crashes(stage: Stage) -> Said:
    return stage.fail("crash")


@shows(errors.PayloadTimeout, "was killed since its time was up", "It seems to hang.")
def run_a_program_that_hangs(stage: Stage) -> Said:
    return stage.fail("hang", "--overrun-limit", "1")


@shows(errors.ProcessorUnavailable, "the fake engine runs on cpu, not on", "another --processor")
def run_on_a_processor_that_is_not_there(stage: Stage) -> Said:
    return stage.fail("accelerator")


@shows(errors.DataError, "is damaged: ", "Take run.json from a copy of the run.")
def report_a_run_whose_plan_is_damaged(stage: Stage) -> Said:
    run = stage.tmp_path / "runs" / "damaged"
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"schema": 1,')
    return stage.ibd("report", str(run))


def leaves(kind: type[IbdError]) -> Iterator[type[IbdError]]:
    """All errors of the tree that are raised as they are."""
    below = kind.__subclasses__()
    if not below or kind is errors.PhoneError:  # what no nearer leaf says of a phone
        yield kind
    for each in below:
        yield from leaves(each)


@pytest.fixture
def stage(
    ibd: Command,
    fake: Any,
    phone: Phone,
    own_phone: Callable[..., Phone],
    stranger: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    return Stage(ibd, fake, phone, own_phone, stranger, tmp_path, monkeypatch)


@pytest.mark.parametrize("leaf", list(leaves(IbdError)))
def test_an_error_is_shown_with_its_remedy_and_exit_code(
    leaf: type[IbdError], stage: Stage
) -> None:
    journey, text, remedy = JOURNEYS[leaf]
    said = journey(stage)
    assert text in said.err
    shown = said.err[said.err.index(text) :]
    assert remedy in shown
    if said.code == errors.ExitCode.SOME_JOBS_FAILED:
        (failure,) = failures(only_run(stage.tmp_path / "runs"))
        assert (failure["kind"], failure["exit_code"]) == (leaf.__name__, leaf.exit_code)
    else:
        assert said.code == leaf.exit_code
        assert said.err.splitlines()[-2].startswith("error: ")
    assert "Traceback" not in said.err
