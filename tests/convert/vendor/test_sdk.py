import sys
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.vendor import _sdk
from ibd_mobile.core.errors import HostError

NET_RUN = "bin/x86_64-linux-clang/snpe-net-run"


def test_an_sdk_that_nobody_names_is_asked_for_with_what_to_install_and_where_to_point(
    lab: Path,
) -> None:
    with pytest.raises(HostError) as caught:
        _sdk.locate(_sdk.SNPE)
    assert caught.value.subject == "SNPE SDK"
    assert caught.value.problem == "is not named anywhere"
    assert "Install Qualcomm's SNPE SDK" in caught.value.remedy
    assert str(lab / "sdks.toml") in caught.value.remedy
    assert "SNPE_ROOT" in caught.value.remedy
    assert _sdk.missing_reason(_sdk.SNPE) == "SNPE SDK is not named anywhere"


def test_a_folder_without_the_sdk_is_named(lab: Path, tmp_path: Path) -> None:
    (lab / "sdks.toml").write_text(f'[snpe]\nroot = "{tmp_path}"\n')
    reason = _sdk.missing_reason(_sdk.SNPE)
    assert reason == f"SNPE SDK is not in {tmp_path}: no {NET_RUN}"


@pytest.mark.parametrize(
    ("answer", "text", "major", "minor"),
    [
        ("SNPE v1.68.0.3932", "1.68.0.3932", 1, 68),
        ("SNPE v2.10.0.4541", "2.10.0.4541", 2, 10),
        ("SNPE v2.12.0.230626174329_59328", "2.12.0.230626174329_59328", 2, 12),
    ],
)
def test_the_version_is_asked_of_the_sdk_itself(
    sdk: Any, monkeypatch: pytest.MonkeyPatch, answer: str, text: str, major: int, minor: int
) -> None:
    sdk.program(NET_RUN, f"print({answer!r})", is_script=False)
    monkeypatch.setenv("SNPE_ROOT", str(sdk.root))
    assert _sdk.missing_reason(_sdk.SNPE) == ""
    assert not sdk.calls  # so far nothing was started
    assert _sdk.open_sdk(_sdk.SNPE).version == _sdk.Version(text, major, minor)
    assert sdk.call("snpe-net-run")["argv"] == ["--version"]


def test_the_recorded_answer_of_qnn_is_understood(
    sdk: Any, recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = recorded("qnn_2.13_version.txt")
    sdk.program("bin/x86_64-linux-clang/qnn-net-run", f"print({answer!r})", is_script=False)
    monkeypatch.setenv("QAIRT_SDK_ROOT", str(sdk.root))
    found = _sdk.open_sdk(_sdk.QNN)
    assert found.version == _sdk.Version("2.13.2.230822171732_60416", 2, 13)


def test_an_answer_without_a_version_is_shown(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sdk.program(NET_RUN, "print('libSNPE.so: cannot open'); sys.exit(127)", is_script=False)
    monkeypatch.setenv("SNPE_ROOT", str(sdk.root))
    with pytest.raises(HostError, match=r"tells no version: libSNPE.so: cannot open"):
        _sdk.open_sdk(_sdk.SNPE)


def test_a_program_that_is_no_program_is_the_computer_s_fault(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sdk.program(NET_RUN, "", is_script=False)
    path.write_bytes(b"\x7fELF for another machine")
    monkeypatch.setenv("SNPE_ROOT", str(sdk.root))
    with pytest.raises(HostError, match="cannot be started"):
        _sdk.open_sdk(_sdk.SNPE)


def test_scripts_run_in_the_python_named_and_programs_by_themselves(sdk: Any) -> None:
    script = sdk.program("bin/x86_64-linux-clang/snpe-onnx-to-dlc", "")
    binary = sdk.program("bin/x86_64-linux-clang/snpe-dlc-quantize", "", is_script=False)
    found = _sdk.Sdk("SNPE SDK", sdk.root, "/venv/python", ("SNPE_ROOT",))
    assert found.words("snpe-onnx-to-dlc") == ["/venv/python", str(script)]
    assert found.words("snpe-dlc-quantize") == [str(binary)]


def test_a_program_that_the_sdk_has_not_is_named(sdk: Any) -> None:
    version = _sdk.Version("2.10.0.4541", 2, 10)
    found = _sdk.Sdk("SNPE SDK", sdk.root, sys.executable, ("SNPE_ROOT",), version)
    with pytest.raises(HostError, match=r"SNPE SDK 2\.10\.0\.4541: has no snpe-caffe2-to-dlc"):
        found.words("snpe-caffe2-to-dlc")


def test_its_environment_leads_to_its_own_libraries_first(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/other")
    env = _sdk.Sdk("SNPE SDK", sdk.root, "python3", ("SNPE_ROOT",)).env()
    assert env["PYTHONPATH"] == str(sdk.root / "lib" / "python")
    assert env["LD_LIBRARY_PATH"] == f"{sdk.root}/lib/x86_64-linux-clang:/other"
    assert env["PATH"].startswith(f"{sdk.root}/bin/x86_64-linux-clang:")
    assert env["SNPE_ROOT"] == str(sdk.root)


def test_the_python_of_the_system_is_used_where_none_is_named() -> None:
    assert Path(_sdk.python_of("")).name == "python3"
    assert _sdk.python_of("/opt/venv/bin/python") == "/opt/venv/bin/python"


def test_an_answer_is_what_the_program_says(sdk: Any) -> None:
    path = sdk.program("tool", "print('hello', *argv)", is_script=False)
    assert _sdk.ask([str(path), "you"], {}) == "hello you\n"
