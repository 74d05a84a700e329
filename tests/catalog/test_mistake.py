from typing import Any

import msgspec
import pytest

from ibd_mobile.catalog.mistake import explain
from ibd_mobile.core.device import Device

CPU: dict[str, Any] = {"id": "cpu", "name": "CPU", "no_peak_reason": "none"}
CLUSTER: dict[str, Any] = {"name": "big", "core": "A76", "cpus": [0], "max_hz": 1, "source": "s"}
DEVICE: dict[str, Any] = {
    "schema": 1,
    "id": "x",
    "name": "X",
    "deployment": "mobile",
    "recognise": [],
    "processors": [CPU],
}


def told(**changes: object) -> tuple[str, str]:
    data = {k: v for k, v in (DEVICE | changes).items() if v is not ...}
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(data, Device)
    return explain(str(caught.value), data, Device)


def test_an_unknown_key_is_told_with_the_nearest_one() -> None:
    problem, remedy = told(recognize=[])
    assert problem == "recognize: unknown key"
    assert remedy.startswith("Did you mean 'recognise'? Known: schema, id, name, deployment, ")


def test_an_unknown_key_deep_inside_is_told_with_its_path() -> None:
    problem, remedy = told(clusters=[CLUSTER, CLUSTER | {"max_khz": 1}])
    assert problem == "clusters[1].max_khz: unknown key"
    assert remedy == (
        "Did you mean 'max_hz'? Known: name, core, cpus, max_hz, ops_per_cycle, source."
    )


def test_an_unknown_key_like_no_other_gets_only_the_list() -> None:
    _, remedy = told(zzz=1)
    assert remedy.startswith("Known: ")


def test_a_missing_key_is_told_with_its_path() -> None:
    assert told(name=...) == ("name: is missing", "")
    broken = {k: v for k, v in CLUSTER.items() if k != "source"}
    assert told(clusters=[broken]) == ("clusters[0].source: is missing", "")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": 3}, "name: expected a string, found a whole number (3)"),
        ({"name": True}, "name: expected a string, found true"),
        ({"name": ["x"]}, "name: expected a string, found a list"),
        ({"processors": {}}, "processors: expected a list, found a table"),
        ({"memory_bytes_per_s": "fast"}, "memory_bytes_per_s: expected a number, "
                                         "found a string ('fast')"),
        ({"clusters": [CLUSTER | {"cpus": [0, "1"]}]},
         "clusters[0].cpus[1]: expected a whole number, found a string ('1')"),
        ({"clusters": [CLUSTER | {"max_hz": 1.5}]},
         "clusters[0].max_hz: expected a whole number, found a number (1.5)"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_in_the_words_of_toml(wrong: dict[str, Any], problem: str) -> None:
    assert told(**wrong) == (problem, "")


def test_a_long_wrong_value_is_not_repeated() -> None:
    assert told(processors="x" * 100)[0] == "processors: expected a list, found a string"


def test_a_word_that_is_not_in_the_list_is_told_with_the_list() -> None:
    problem, _ = told(deployment="phone")
    assert problem == ("deployment: expected one of 'cloud', 'desktop', 'mobile'; found 'phone'")


def test_a_wrong_schema_is_told() -> None:
    assert told(schema=2)[0] == "schema: expected one of 1; found 2"


def test_a_name_that_is_not_in_the_list_of_a_free_table_is_told() -> None:
    problem, _ = told(clusters=[CLUSTER | {"ops_per_cycle": {"int9": 1.0}}])
    assert problem == (
        "clusters[0].ops_per_cycle: expected one of 'bfloat16', 'float16', 'float32', 'int8',"
        " 'int8_dynamic'; found 'int9'"
    )


def test_a_wrong_value_in_a_free_table_is_told_by_its_name() -> None:
    rule = {"properties": {"ro.a": ["1"], "ro.b": "2"}, "source": "s"}
    data = DEVICE | {"recognise": [rule]}
    assert told(recognise=[rule])[0] == (
        "recognise[0].properties.\"ro.b\": expected a list, found a string ('2')"
    )
    assert data["recognise"][0]["properties"] == {"ro.a": ["1"], "ro.b": "2"}


def test_a_wrong_value_in_a_list_in_a_free_table_is_told_by_name_and_place() -> None:
    rule = {"properties": {"ro.a": ["1"], "ro.b": ["2", 3]}, "source": "s"}
    assert told(recognise=[rule])[0] == (
        'recognise[0].properties."ro.b"[1]: expected a string, found a whole number (3)'
    )
