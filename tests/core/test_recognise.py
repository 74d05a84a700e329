import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.catalog.library import folder
from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.core.device import Device, Phone, Processor, Rule
from ibd_mobile.core.recognise import identify, match

LISTINGS = Path(__file__).parents[1] / "data" / "phones"
RECORDED = tomllib.loads((LISTINGS / "recorded.toml").read_text())["listing"]


DEVICES = {p.stem: read_toml(p, Device) for p in folder("devices").glob("*.toml")}
PHONES = {p.stem: read_toml(p, Phone) for p in folder("phones").glob("*.toml")}


def properties(file: str) -> dict[str, str]:
    """Read a listing as getprop prints it, or as a build.prop file has it."""
    text = (LISTINGS / file).read_text()
    pattern = r"^\[(.+?)\]: \[(.*)\]$" if ".getprop." in file else r"^([^=\n]+?)\s*=\s*(.*)$"
    found = dict(re.findall(pattern, text, re.MULTILINE))
    assert len(found) > 100
    return found


def ids(found: tuple[Device | None, Phone | None]) -> tuple[str, str]:
    device, phone = found
    return (device.id if device else "", phone.id if phone else "")


def rule(**values: str) -> Rule:
    return Rule(properties={k: [v] for k, v in values.items()}, source="test")


def device(id: str, *rules: Rule) -> Device:
    cpu = Processor(id="cpu", name="CPU", no_peak_reason="test")
    return Device(
        schema=1, id=id, name=id, deployment="mobile", recognise=list(rules), processors=[cpu]
    )


def phone(id: str, of: str, *rules: Rule) -> Phone:
    return Phone(schema=1, id=id, name=id, device=of, recognise=list(rules), sensors=[])


@pytest.mark.parametrize("listing", RECORDED, ids=lambda listing: listing["file"])
def test_a_recorded_phone_is_recognised_as_what_it_is(listing: dict[str, str]) -> None:
    found = identify(properties(listing["file"]), DEVICES, PHONES)
    assert ids(found) == (listing["device"], listing["phone"])


@pytest.mark.parametrize("listing", RECORDED, ids=lambda listing: listing["file"])
def test_what_a_phone_tells_as_a_host_changes_nothing(listing: dict[str, str]) -> None:
    android = properties(listing["file"])
    as_host = {"host.system": "Linux", "host.machine": "aarch64", "host.uid": "2000"}
    assert identify(android | as_host, DEVICES, PHONES) == identify(android, DEVICES, PHONES)


def test_a_computer_is_recognised_as_a_host() -> None:
    assert ids(identify({"host.system": "Linux"}, DEVICES, PHONES)) == ("host_cpu", "")


def test_every_recorded_listing_has_an_expectation_and_an_origin() -> None:
    assert {r["file"] for r in RECORDED} == {p.name for p in LISTINGS.glob("*.prop*.txt")} | {
        p.name for p in LISTINGS.glob("*.getprop.txt")
    }
    assert all(r["origin"] for r in RECORDED)


def test_the_exynos_phone_with_the_same_name_is_not_the_snapdragon_one() -> None:
    exynos = properties("galaxy-s9-us.getprop.txt") | {
        "ro.product.model": "SM-G960F",
        "ro.product.device": "starlte",
        "ro.board.platform": "exynos5",
        "ro.chipname": "exynos9810",
        "ro.arch": "exynos9810",
    }
    assert ids(identify(exynos, DEVICES, PHONES)) == ("", "")


def test_an_android_12_build_is_recognised_by_its_soc_property_alone() -> None:
    assert ids(identify({"ro.soc.model": "SM8150"}, DEVICES, PHONES)) == ("sd855", "")
    assert ids(identify({"ro.soc.model": "SM8250"}, DEVICES, PHONES)) == ("", "")


def test_a_phone_name_on_another_soc_is_no_proof_of_the_phone() -> None:
    found = identify(
        {"ro.board.platform": "kirin980", "ro.product.device": "OnePlus7"}, DEVICES, PHONES
    )
    assert ids(found) == ("kirin980", "")


def test_a_rule_holds_only_if_all_its_properties_do() -> None:
    both = [rule(a="1", b="2")]
    assert match(both, {"a": "1", "b": "2", "c": "3"})
    assert not match(both, {"a": "1"})
    assert not match(both, {"a": "1", "b": "3"})


def test_values_are_compared_whole_and_with_their_case() -> None:
    assert not match([rule(a="sdm845")], {"a": "sdm845ab"})
    assert not match([rule(a="sdm845")], {"a": "SDM845"})


def test_no_rule_and_a_rule_without_properties_recognise_nothing() -> None:
    assert not match([], {"a": "1"})
    assert not match([Rule(properties={}, source="test")], {"a": "1"})


def test_the_narrower_of_two_rules_wins() -> None:
    broad, narrow = device("broad", rule(a="1")), device("narrow", rule(a="1", b="2"))
    known = {"broad": broad, "narrow": narrow}
    assert ids(identify({"a": "1", "b": "2"}, known, {})) == ("narrow", "")
    assert ids(identify({"a": "1"}, known, {})) == ("broad", "")


def test_of_two_equally_narrow_devices_neither_is_taken() -> None:
    known = {"x": device("x", rule(a="1")), "y": device("y", rule(b="2"))}
    assert ids(identify({"a": "1", "b": "2"}, known, {})) == ("", "")


def test_a_phone_decides_between_two_equally_likely_devices() -> None:
    known = {"x": device("x", rule(a="1")), "y": device("y", rule(b="2"))}
    of_y = {"p": phone("p", "y", rule(c="3"))}
    assert ids(identify({"a": "1", "b": "2", "c": "3"}, known, of_y)) == ("y", "p")


def test_of_two_equally_narrow_phones_neither_is_taken_but_the_device_is() -> None:
    known = {"x": device("x", rule(a="1"))}
    twins = {"p": phone("p", "x", rule(b="2")), "q": phone("q", "x", rule(c="3"))}
    assert ids(identify({"a": "1", "b": "2", "c": "3"}, known, twins)) == ("x", "")


names = st.sampled_from(["a", "b", "c"])
tables = st.dictionaries(names, st.sampled_from(["1", "2"]))
rules = st.lists(tables.map(lambda t: rule(**t)), max_size=3)


@given(rules=rules, known=tables, more=tables)
def test_a_property_that_no_rule_names_changes_nothing(
    rules: list[Rule], known: dict[str, str], more: dict[str, str]
) -> None:
    unnamed = {f"other.{k}": v for k, v in more.items()}
    assert match(rules, known) == match(rules, known | unnamed)


@given(first=rules, second=rules, known=tables)
def test_more_rules_never_recognise_less(
    first: list[Rule], second: list[Rule], known: dict[str, str]
) -> None:
    assert match(first + second, known) == (match(first, known) or match(second, known))
