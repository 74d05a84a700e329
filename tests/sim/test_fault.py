import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.sim import fault


def test_a_fault_has_its_arguments() -> None:
    assert fault.read("gone", {"seconds": 3}) == fault.Fault(name="gone", seconds=3.0)


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="die_after_bytes"):
        fault.read("explode", {})


def test_a_wrong_argument_is_refused_with_what_the_fault_does() -> None:
    with pytest.raises(InputError, match="seconds"):
        fault.read("gone", {"minutes": 1})
