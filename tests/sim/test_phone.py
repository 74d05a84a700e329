import os

from ibd_mobile.sim.order import State
from ibd_mobile.sim.phone import Phone, end

from .conftest import Handle


def test_a_phone_is_known_by_its_loopback_address(retail: Handle) -> None:
    assert retail.phone.serial == f"127.0.0.1:{retail.phone.port}"
    assert retail.phone.profile == "sd855"


def test_stopping_a_phone_that_is_gone_does_no_harm(tmp_path) -> None:  # type: ignore[no-untyped-def]
    Phone(tmp_path, State(pid=2**22 + 1, port=1, profile="sd855")).stop()


def test_numbers_that_mean_groups_of_processes_are_left_alone() -> None:
    for pid in (-1, 0, 1):
        end(pid)
    assert os.getpid(), "we are still here"


def test_truth_can_be_read_at_any_moment(retail: Handle) -> None:
    first = retail.phone.truth()
    second = retail.phone.truth()
    assert len(second) >= len(first) > 0
    assert (second["energy_j"][1:] >= second["energy_j"][:-1]).all(), "it only discharges"
