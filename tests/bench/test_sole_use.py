"""Two sessions on one computer: the later one waits, says for whom, and never for the dead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.bench.sole_use import FILE, sole_use
from ibd_mobile.core.errors import HostError

HOLDER = """\
import sys, time
from pathlib import Path
from ibd_mobile.bench.sole_use import sole_use
with sole_use(Path(sys.argv[1]), time.sleep, print):
    print("mine", flush=True)
    sys.stdin.read()
"""


class Stopped(BaseException):
    """Somebody pressed Ctrl-C."""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def test_who_comes_later_waits_until_the_first_has_ended(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    told: list[str] = []
    naps = 0

    def sleep(_: float) -> None:
        nonlocal naps
        naps += 1
        if naps == 3:
            holder.communicate()

    with sole_use(tmp_path, sleep, told.append):
        assert (tmp_path / FILE).read_text() == f"{os.getpid()}\n"
    assert naps == 3
    assert told == [f"process {holder.pid} measures this computer"]


def test_a_holder_that_was_killed_keeps_nobody_waiting(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.communicate()
    with sole_use(tmp_path, lambda _: pytest.fail("waited"), print):
        pass


def test_two_slots_of_one_run_take_turns_too(tmp_path: Path) -> None:
    def stop(_: float) -> None:
        raise Stopped

    with (
        sole_use(tmp_path, stop, print),
        pytest.raises(Stopped),
        sole_use(tmp_path, stop, print),
    ):
        pytest.fail("both at once")
    with sole_use(tmp_path, stop, print):  # who was stopped while waiting holds nothing
        pass


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError, match="cannot be written"), sole_use(tmp_path, print, print):
        pytest.fail("was taken")
    assert not (tmp_path / "elsewhere").exists()
