from pathlib import Path

import pytest

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.sim import control

from .conftest import Handle


def test_the_state_is_told(retail: Handle) -> None:
    state = retail.phone.state()
    assert state["boot_ns"] > 20e9
    assert 80 < state["soc_pct"] <= 92
    assert set(state["temperature_c"]) == {"soc", "skin", "battery"}


def test_a_wrong_request_is_refused_with_what_there_is(retail: Handle) -> None:
    with pytest.raises(InputError, match="die_after_bytes"):
        retail.phone.fault("explode")
    with pytest.raises(InputError, match="battery_pct"):
        retail.phone.set(colour="red")


def test_a_phone_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not answer"):
        control.ask(tmp_path, {"op": "state"})


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 20) / ("longer-" * 20)
    folder.mkdir(parents=True)
    with pytest.raises(DataError, match="does not answer"):
        control.ask(folder, {"op": "state"})
