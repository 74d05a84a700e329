import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.vendor import hiai
from ibd_mobile.core.errors import HostError, InputError, PayloadFailed, PayloadTimeout

#: omg as the record describes it: the model beside --output, JSON in mode 1
OMG = """
if "--mode" in argv:
    Path(after("--json")).write_text("{{}}")
    sys.exit(0)
Path(after("--output") + {ending!r}).write_text(json.dumps(argv))
print({said!r})
"""
SUCCESS = "OMG generate offline model success"
ON_NPU = f"partition type NPU:1, CPU:0, GPU:0, ISP:0\n{SUCCESS}"


@pytest.fixture
def omg(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write an omg that says what a test wants, named by the environment."""
    monkeypatch.setenv("HIAI_OMG", str(sdk.root / "tools_omg" / "omg"))

    def write(said: str = ON_NPU, ending: str = ".om", body: str = OMG) -> Any:
        sdk.program("tools_omg/omg", body.format(said=said, ending=ending), is_script=False)
        return sdk

    return write


def ask(network: Any, name: str = "network.onnx", **changes: Any) -> Any:
    return network.request(name, file="network.om", **changes)


def test_onnx_becomes_an_offline_model(omg: Any, network: Any) -> None:
    sdk = omg()
    made = hiai.convert(ask(network))
    argv, read_back = (call["argv"] for call in sdk.calls)
    output = argv[5]
    assert argv == [
        *("--model", str(network.folder / "network.onnx"), "--framework", "5"),
        *("--output", output, "--input_shape", "input:1,3,2,4", "--weight_data_type", "FP32"),
    ]
    assert read_back[:4] == ["--mode", "1", "--om", f"{output}.om"]
    assert (network.work / "network.om").is_file()
    assert made.layout == "NCHW"
    assert made.notes == ["not verified: HiAI has no runner for this computer"]
    assert not Path(output).parent.exists()
    assert SUCCESS in (network.work / "omg.log").read_text()


def test_a_frozen_graph_is_told_its_outputs(omg: Any, network: Any) -> None:
    sdk = omg()
    hiai.convert(ask(network, "network.pb", precision="float16"))
    argv = sdk.calls[0]["argv"]
    assert argv[2:4] == ["--framework", "3"]
    assert argv[-4:] == ["--out_nodes", "logits:0", "--weight_data_type", "FP16"]


def test_the_recorded_success_with_nothing_on_the_npu_is_refused(
    omg: Any, network: Any, recorded: Any
) -> None:
    omg(recorded("omg_no_npu.txt"))
    with pytest.raises(PayloadFailed) as caught:
        hiai.convert(ask(network))
    assert "nothing lies on the NPU: 0 parts on the NPU, 1 on the CPU" in caught.value.problem
    assert "allow_no_npu" in caught.value.remedy
    assert not (network.work / "network.om").exists()


def test_a_model_without_a_part_on_the_npu_can_be_allowed_and_says_so(
    omg: Any, network: Any, recorded: Any
) -> None:
    omg(recorded("omg_no_npu.txt"))
    made = hiai.convert(ask(network, options={"allow_no_npu": True}))
    assert "0 parts on the NPU, 1 on the CPU" in made.notes


def test_a_model_partly_on_the_npu_says_so(omg: Any, network: Any) -> None:
    omg(f"partition type NPU:2, CPU:1, GPU:0, ISP:0\n{SUCCESS}")
    assert "2 parts on the NPU, 1 on the CPU" in hiai.convert(ask(network)).notes


def test_an_omg_that_does_not_say_where_the_network_lies_is_noted(omg: Any, network: Any) -> None:
    omg(SUCCESS)
    assert (
        "omg did not say on which processors the network lies" in hiai.convert(ask(network)).notes
    )


def test_a_model_of_another_kind_is_not_taken(omg: Any, network: Any) -> None:
    omg(ending=".omc")  # as --target=omc does, with exit status 0
    with pytest.raises(PayloadFailed, match=r"wrote no network\.om; network\.omc is there instead"):
        hiai.convert(ask(network))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("print('unknown flag --foo ')", "never said that it succeeded"),
        (f"print({SUCCESS!r})", "wrote no network.om"),
        ("print('E/ op Resize is not supported'); sys.exit(1)", "E/ op Resize is not supported"),
        ("os.kill(os.getpid(), 11)", "ended with 139"),
    ],
)
def test_an_omg_that_fails_by_any_sign_makes_nothing(
    omg: Any, network: Any, body: str, problem: str
) -> None:
    omg(body=body.replace("{", "{{").replace("}", "}}"))
    with pytest.raises(PayloadFailed) as caught:
        hiai.convert(ask(network))
    assert problem in caught.value.problem
    assert not (network.work / "network.om").exists()
    assert (network.work / "omg.log").is_file()


def test_an_omg_that_hangs_is_stopped(omg: Any, network: Any) -> None:
    omg(body="print('working', flush=True); time.sleep(600)")
    with pytest.raises(PayloadTimeout, match="did not end within 2 s"):
        hiai.convert(ask(network, options={"limit_s": 2.0}))
    assert (network.work / "omg.log").read_text() == "working\n"


def test_a_model_that_cannot_be_read_back_is_refused(omg: Any, network: Any) -> None:
    body = OMG.replace('Path(after("--json")).write_text("{{}}")', "print('parse failed')")
    omg(body=body)
    with pytest.raises(PayloadFailed, match=r"wrote no network\.json"):
        hiai.convert(ask(network))
    assert not (network.work / "network.om").exists()


def test_omg_never_sees_a_path_that_is_not_ascii(omg: Any, network: Any) -> None:
    sdk = omg()
    hiai.convert(ask(network, "nätwork.onnx"))
    assert all(word.isascii() for call in sdk.calls for word in call["argv"])


def test_a_folder_for_temporary_files_that_omg_cannot_read_is_named(
    omg: Any, network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    omg()
    (tmp_path / "ördner").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "ördner"))
    with pytest.raises(HostError, match="is no ASCII path") as caught:
        hiai.convert(ask(network))
    assert "TMPDIR" in caught.value.remedy


def test_int8_needs_the_parameters_of_the_vendor_s_quantiser(
    omg: Any, network: Any, tmp_path: Path
) -> None:
    sdk = omg()
    with pytest.raises(InputError, match="compress_conf"):
        hiai.convert(ask(network, precision="int8"))
    parameters = tmp_path / "param"
    parameters.write_text("scales")
    hiai.convert(ask(network, precision="int8", options={"compress_conf": str(parameters)}))
    assert sdk.calls[0]["argv"][-2:] == ["--compress_conf", str(parameters)]


def test_platform_and_generation_are_passed_on(omg: Any, network: Any) -> None:
    sdk = omg()
    hiai.convert(ask(network, options={"platform": "kirin990", "hiai_version": "v310"}))
    argv = sdk.calls[0]["argv"]
    assert argv[-4:] == ["--platform", "kirin990", "--hiai_version", "v310"]


def test_the_version_is_what_the_lab_says_or_the_program_s_hash(omg: Any, lab: Path) -> None:
    sdk = omg()
    assert hiai.tools()["omg"].startswith("sha256:")
    place = sdk.root / "tools_omg" / "omg"
    (lab / "sdks.toml").write_text(f'[hiai]\nomg = "{place}"\nversion = "100.510.020.010"\n')
    assert hiai.tools() == {"omg": "100.510.020.010"}


def test_a_missing_omg_says_what_to_install_and_where_to_point(
    network: Any, lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hiai.missing_reason() == "omg of the HiAI DDK is not named anywhere"
    with pytest.raises(HostError) as caught:
        hiai.convert(ask(network))
    assert str(lab / "sdks.toml") in caught.value.remedy
    monkeypatch.setenv("HIAI_OMG", str(tmp_path))
    assert hiai.missing_reason() == f"omg of the HiAI DDK is no program: {tmp_path}"


def test_an_omg_in_place_lacks_nothing(omg: Any) -> None:
    omg()
    assert hiai.missing_reason() == ""
    assert shutil.which(os.environ["HIAI_OMG"])
