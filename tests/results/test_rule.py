from pathlib import Path
from typing import Any, get_args

from ibd_mobile.core.metric import GROUPS, Group, Metric
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results import rule
from ibd_mobile.results.facts import load


def test_groups_that_are_spoiled_are_groups_of_metrics() -> None:
    assert sorted(rule.ALL) == sorted(GROUPS) == sorted(get_args(Group))
    assert set(rule.ENERGY) < set(rule.TIMES) < set(rule.ALL)


def test_what_is_not_there_is_none(tmp_path: Path, make: Any) -> None:
    folder = make.Job().file(tmp_path)
    facts = load(folder, fuel_gauge)
    assert rule.is_phone(facts)
    assert [t.id for t in rule.traces(facts, "current")] == ["battery_current"]
    assert rule.trace_of(facts, "voltage", "battery") is not None
    assert rule.trace_of(facts, "voltage", "usb") is None
    folder.samples.unlink()
    bare = load(folder, fuel_gauge)
    assert rule.traces(bare, "current") == []
    assert rule.trace_of(bare, "current", "battery") is None
    metric = Metric(name="latency_s", group="latency", unit="s", value=2.0)
    assert rule.value_of({"latency_s": metric}, "latency_s") == 2.0
    assert rule.value_of({}, "latency_s") is None


def test_a_finding_says_what_it_spoils() -> None:
    found = rule.finding("BUSY", "70 %", "90 %", "End it.", rule.ENERGY)
    assert found.spoils == ["power", "energy_efficiency"]
    assert (found.id, found.measured, found.limit, found.remedy) == (
        "BUSY", "70 %", "90 %", "End it.",
    )  # fmt: skip
