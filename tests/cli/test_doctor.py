import json
from pathlib import Path

import pytest

from ibd_mobile.sim.namespace import namespaces_problem

from .conftest import Command


def test_json_has_every_check_with_its_state(ibd: Command, home: Path) -> None:
    said = ibd("doctor", "--json")
    assert said.code == 0
    document = json.loads(said.out)
    assert document["schema"] == 1
    assert document["sim_folder"] == str(home / "cache" / "ibd-mobile" / "sim")
    checks = {c["name"]: c for c in document["checks"]}
    assert {"adb", "disk", "simulated phones", "Android NDK"} <= checks.keys()
    for check in checks.values():
        assert check.keys() == {"name", "state", "fact", "remedy"}
        assert check["state"] in ("ok", "limit", "problem")
        assert check["fact"]


def test_simulated_phones_are_a_limit_where_they_cannot_be(ibd: Command) -> None:
    document = json.loads(ibd("doctor", "--json").out)
    check = next(c for c in document["checks"] if c["name"] == "simulated phones")
    assert check["state"] == ("limit" if namespaces_problem() else "ok")


def test_each_check_is_a_line_with_its_mark(ibd: Command) -> None:
    said = ibd("doctor")
    document = json.loads(ibd("doctor", "--json").out)
    marks = {"ok": "✓", "limit": "·", "problem": "✗"}
    for check in document["checks"]:
        if check["name"] == "disk":
            continue  # has another figure by now
        assert f"{marks[check['state']]} {check['name']}: {check['fact']}\n" in said.out


def test_a_problem_ends_with_4_and_its_remedy(
    ibd: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc")  # a file system without room
    said = ibd("doctor")
    assert said.code == 4
    assert "✗ disk: 0 MiB free here\n    Traces need room" in said.out


def test_a_framework_that_cannot_have_a_python_of_its_own_is_not_prepared(ibd: Command) -> None:
    said = ibd("doctor", "--prepare", "openvin")
    assert said.code == 3
    assert "Did you mean 'openvino'?" in said.err
