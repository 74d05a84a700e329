import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.sim.knobs import Knobs, changed


def test_one_knob_is_turned_and_the_rest_stay() -> None:
    assert changed(Knobs(ambient_c=30), {"battery_pct": 50}) == Knobs(ambient_c=30, battery_pct=50)


@pytest.mark.parametrize("changes", [{"batery_pct": 50}, {"rooted": "perhaps"}, {"auth": "on"}])
def test_a_wrong_knob_is_refused_with_the_right_ones(changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="battery_pct"):
        changed(Knobs(), changes)
