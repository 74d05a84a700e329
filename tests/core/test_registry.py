import pytest

from ibd_mobile.core import registry
from ibd_mobile.core.errors import InputError


def test_members_are_found_by_file_name() -> None:
    assert "litert" in registry.member_ids("ibd_mobile.frameworks")
    assert registry.member("ibd_mobile.frameworks", "litert").__name__.endswith(".litert")


def test_the_nearest_name_is_offered() -> None:
    error = registry.unknown("device", "sd885", ["sd855", "kirin980"])
    assert isinstance(error, InputError)
    assert str(error).startswith("device 'sd885': does not exist\n  Did you mean 'sd855'?")


def test_nothing_near_offers_all_there_are() -> None:
    assert "Did you mean" not in str(registry.unknown("device", "zzz", ["sd855"]))


@pytest.mark.parametrize("id", ["../litert", "litert.x", "", "_private"])
def test_an_id_that_is_no_file_name_is_refused(id: str) -> None:
    with pytest.raises(InputError):
        registry.member("ibd_mobile.frameworks", id)
