import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import COMPARED
from ibd_mobile.convert.vendor import qnn as converter
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed

BIN = "bin/x86_64-linux-clang"
VERSION = "2.13.2.230822171732_60416"


def calls(sdk: Any, program: str) -> list[list[str]]:
    return [call["argv"] for call in sdk.calls if call["program"] == program]


def test_onnx_becomes_a_library_for_the_phone_and_one_for_here_says_the_same(
    qnn: Any, network: Any
) -> None:
    made = converter.convert(network.request(file="network.so", **network.arrays()))
    work = network.work
    assert calls(qnn, "qnn-onnx-converter") == [
        ["-i", str(network.folder / "network.onnx"), "-o", str(work / "network.cpp"),
         "-d", "input", "1,3,2,4"]
    ]  # fmt: skip
    sources = ["-c", str(work / "network.cpp"), "-b", str(work / "network.bin")]
    assert calls(qnn, "qnn-model-lib-generator") == [
        [*sources, "-t", platform, "-o", str(work / "lib")]
        for platform in ("aarch64-android", "x86_64-linux-clang")
    ]
    library = str(work / "lib" / "x86_64-linux-clang" / "libnetwork.so")
    cpu = str(qnn.root / "lib" / "x86_64-linux-clang" / "libQnnCpu.so")
    assert calls(qnn, "qnn-net-run")[-1] == [
        *("--backend", cpu, "--model", library),
        *("--input_list", "samples.txt", "--output_dir", "said"),
    ]
    assert (work / "network.so").is_file()
    assert made.is_compared
    assert made.tools == {"qnn": VERSION, "platform": "aarch64-android"}
    with np.load(work / COMPARED) as compared:
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_int8_is_asked_for_by_a_list_of_inputs(qnn: Any, network: Any) -> None:
    fields = network.arrays()
    converter.convert(network.request(file="network.so", precision="int8", **fields))
    assert calls(qnn, "qnn-onnx-converter")[0][-2:] == ["--input_list", "calibration.txt"]
    assert len((network.work / "calibration.txt").read_text().split()) == 16
    with pytest.raises(InputError, match="needs calibration inputs"):
        converter.convert(network.request(file="network.so", precision="int8"))


def test_the_ndk_is_the_generator_s_alone(qnn: Any, network: Any) -> None:
    converter.convert(network.request(file="network.so"))
    env = qnn.call("qnn-model-lib-generator")["env"]
    assert env["ANDROID_NDK_ROOT"] == str(qnn.root / "ndk")
    assert env["PATH"].startswith(f"{qnn.root}/ndk:{qnn.root}/{BIN}:")


def test_a_missing_ndk_is_named_before_anything_is_converted(
    qnn: Any, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANDROID_NDK_ROOT")
    with pytest.raises(HostError, match="compiles with Android's NDK, and none is named") as caught:
        converter.convert(network.request(file="network.so"))
    assert "[qnn] ndk in sdks.toml" in caught.value.remedy
    monkeypatch.setenv("ANDROID_NDK_ROOT", str(network.folder))
    with pytest.raises(HostError, match="there is no ndk-build in"):
        converter.convert(network.request(file="network.so"))
    assert not calls(qnn, "qnn-onnx-converter")


def test_a_library_for_this_computer_needs_no_ndk(
    qnn: Any, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANDROID_NDK_ROOT")
    options = {"platform": "x86_64-linux-clang"}
    made = converter.convert(network.request(file="network.so", options=options))
    assert made.tools["platform"] == "x86_64-linux-clang"
    with pytest.raises(InputError, match="cannot make a library for windows"):
        converter.convert(network.request(file="a.so", options={"platform": "windows"}))


def test_a_library_for_another_machine_is_refused(qnn: Any, network: Any, make_elf: Any) -> None:
    body = (
        "place = Path(after('-o')) / after('-t'); place.mkdir(parents=True)\n"
        f"(place / 'libnetwork.so').write_bytes({make_elf(62)!r})"
    )
    qnn.program(f"{BIN}/qnn-model-lib-generator", body)
    with pytest.raises(DataError, match="is not for aarch64-android"):
        converter.convert(network.request(file="network.so"))
    assert not (network.work / "network.so").exists()


def test_a_generator_that_exits_with_0_and_writes_nothing_is_not_believed(
    qnn: Any, network: Any
) -> None:
    qnn.program(f"{BIN}/qnn-model-lib-generator", "print('make: ndk-build: command not found')")
    with pytest.raises(PayloadFailed, match=r"wrote no libnetwork\.so") as caught:
        converter.convert(network.request(file="network.so"))
    assert "Install Android's NDK" in caught.value.remedy


def test_sources_without_weights_are_not_taken(qnn: Any, network: Any) -> None:
    body = "Path(after('-o')).write_text('x'); print('INFO_CONVERSION_SUCCESS: done')"
    qnn.program(f"{BIN}/qnn-onnx-converter", body)
    with pytest.raises(PayloadFailed, match=r"wrote no network\.bin; network\.cpp is there"):
        converter.convert(network.request(file="network.so"))


@pytest.mark.parametrize("library", ["libQnnCpu.so", ""])
def test_why_nothing_is_compared_is_said(qnn: Any, network: Any, library: str) -> None:
    if library:
        (qnn.root / "lib" / "x86_64-linux-clang" / library).unlink()
    fields = network.arrays() if library else {}
    made = converter.convert(network.request(file="network.so", **fields))
    assert not made.is_compared
    (note,) = made.notes
    assert note.startswith("not verified: ")
    assert (library or "no samples") in note


def test_the_recorded_failure_of_the_runner_is_no_success(recorded: Any) -> None:
    assert not re.search(converter._NET_RUN, recorded("qairt_2.45_net_run_failed.txt"))


def test_another_major_version_is_refused(qnn: Any, network: Any) -> None:
    qnn.program(f"{BIN}/qnn-net-run", "print('QNN SDK v1.9.0.2203')", is_script=False)
    with pytest.raises(HostError, match="Use QNN 2"):
        converter.tools()


def test_a_missing_sdk_says_what_to_install_and_where_to_point(network: Any, lab: Path) -> None:
    assert converter.missing_reason() == "QNN SDK is not named anywhere"
    with pytest.raises(HostError) as caught:
        converter.convert(network.request(file="network.so"))
    assert "QNN_SDK_ROOT or QAIRT_SDK_ROOT" in caught.value.remedy
    assert str(lab / "sdks.toml") in caught.value.remedy
