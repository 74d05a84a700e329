"""Every member of a family is found by its name and satisfies its seam."""

import inspect
from types import ModuleType

import pytest

from ibd_mobile.core import registry, seams
from ibd_mobile.core.errors import InputError

FAMILIES = {
    "ibd_mobile.frameworks": seams.Framework,
    "ibd_mobile.power": seams.PowerSource,
}
MEMBERS = [(f, id) for f in FAMILIES for id in registry.member_ids(f)]


@pytest.mark.parametrize(("family", "id"), MEMBERS)
def test_a_member_has_all_that_its_seam_asks_for(family: str, id: str) -> None:
    member = registry.member(family, id)
    assert isinstance(member, ModuleType)
    for name, asked in vars(FAMILIES[family]).items():
        if name.startswith("_") or not inspect.isfunction(asked):
            continue
        given = getattr(member, name)
        expected = [p for p in inspect.signature(asked).parameters if p != "self"]
        assert list(inspect.signature(given).parameters) == expected, name


def test_every_family_has_members() -> None:
    assert {f for f, _ in MEMBERS} == set(FAMILIES)


def test_a_member_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'litert'"):
        registry.member("ibd_mobile.frameworks", "liter")
