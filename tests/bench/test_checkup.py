import os
from pathlib import Path

import pytest

from ibd_mobile.bench import checkup
from ibd_mobile.bench.checkup import PLATFORMS, Check
from ibd_mobile.core.payload import payload

from .conftest import PLATFORM


def found() -> dict[str, Check]:
    return {check.name: check for check in checkup.checkup()}


def test_a_computer_that_passes_these_tests_has_no_problem() -> None:
    assert [c for c in found().values() if c.state == "problem"] == []


def test_every_platform_and_framework_is_looked_at() -> None:
    checks = found()
    assert {f"payloads {p}" for p in PLATFORMS} <= checks.keys()
    assert {"adb", f"litert on {PLATFORM}", "litert on android-arm64", "disk"} <= checks.keys()


def test_only_the_programs_of_this_computer_are_said_to_run() -> None:
    facts = {p: found()[f"payloads {p}"].fact for p in PLATFORMS}
    assert facts.pop(PLATFORM).startswith("runs (ibd_sampler ")
    assert set(facts.values()) == {"built; not run on this computer"}


def test_what_a_phone_lacks_is_a_limit_and_no_problem() -> None:
    check = found()["litert on android-arm64"]
    if payload("android-arm64", "ibd_bench_ndk").is_file():
        assert check.state == "ok"
    else:
        assert check.state == "limit"
        assert "must be built with the NDK" in check.fact


def test_the_ndk_is_where_its_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANDROID_NDK_HOME", raising=False)
    assert found()["Android NDK"].state == "limit"
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path / "gone"))
    assert found()["Android NDK"].state == "limit"
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path))
    assert found()["Android NDK"] == Check("Android NDK", "ok", str(tmp_path))


def test_the_adb_that_is_used_is_named_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adb = tmp_path / "adb"
    adb.write_text("#!/bin/sh\necho Android Debug Bridge version 1.0.99\necho Version 99\n")
    adb.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    check = found()["adb"]
    assert check.state == "ok"
    assert check.fact == f"{adb}: Android Debug Bridge version 1.0.99, Version 99"


def test_a_platform_without_programs_is_a_problem_with_a_remedy() -> None:
    check = checkup._payloads("linux-riscv64")
    assert check.state == "problem"
    assert check.fact.startswith("missing or damaged")
    assert "pip install --force-reinstall" in check.remedy


@pytest.mark.parametrize(
    ("script", "fact"),
    [("exit 3", "ends with 3"), ("", "does not start")],
)
def test_a_program_that_does_not_run_is_a_problem(tmp_path: Path, script: str, fact: str) -> None:
    program = tmp_path / "ibd_sampler"
    program.write_text(f"#!/bin/sh\n{script}\n" if script else "\0\0no program")
    program.chmod(0o755)
    check = checkup._runs("payloads", program)
    assert check.state == "problem"
    assert check.fact.startswith(fact)


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/proc")  # a file system without room
    check = found()["disk"]
    assert check == Check(
        "disk", "problem", "0 MiB free here", "Traces need room; free at least 1,024 MiB."
    )
