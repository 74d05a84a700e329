import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.vendor import mace
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed
from ibd_mobile.core.file import sha256_of

#: converter.py as its sources are: it works in its checkout and writes there
CONVERTER = """
config = json.loads(Path(argv[1].partition("=")[2]).read_text())
library = config["library_name"]
((name, model),) = config["models"].items()
place = Path({build!r}) / library / "model"
place.mkdir(parents=True)
(place / (name + ".pb")).write_bytes({graph!r})
(place / (name + ".data")).write_bytes({weights!r})
print("-" * 40)
print("Model %s converted" % name)
print("-" * 40)
"""
GRAPH = b"\x0a\x03net"


@pytest.fixture
def checkout(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A checkout of MACE whose converter does its work, named by the environment."""
    monkeypatch.setenv("MACE_ROOT", str(sdk.root))
    (sdk.root / "RELEASE.md").write_text("# v1.1.1 (2022-05-11)\n------\n\n# v1.0.4\n")
    return write(sdk)


def write(sdk: Any, build: str = "build", graph: bytes = GRAPH, weights: bytes = b"w") -> Any:
    body = CONVERTER.format(build=build, graph=graph, weights=weights)
    sdk.program("tools/converter.py", body)
    return sdk


def ask(network: Any, name: str = "network.onnx", **changes: Any) -> Any:
    return network.request(name, file="network.pb", **changes)


def config_of(network: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    config = json.loads((network.work / "mace.yml").read_text())
    (model,) = config["models"].values()
    return config, model


@pytest.mark.parametrize("build", ["build", "builds"])
def test_onnx_becomes_graph_and_weights(checkout: Any, network: Any, build: str) -> None:
    write(checkout, build)
    made = mace.convert(ask(network))
    call = checkout.call("converter.py")
    assert call["argv"] == ["convert", f"--config={network.work / 'mace.yml'}"]
    assert call["cwd"] == str(checkout.root)
    assert (network.work / "network.pb").read_bytes() == GRAPH
    assert (network.work / "network.data").read_bytes() == b"w"
    assert made.companions == {"weights": "network.data"}
    assert made.tools == {"mace": "1.1.1", "runtime": "cpu+gpu"}
    assert made.inputs[0].shape == [1, 2, 4, 3]
    assert made.notes[0].startswith("not verified: ")
    assert (network.work / "converter.py.log").is_file()
    assert not (checkout.root / "converter.py.log").exists()


def test_the_converter_is_told_what_it_wants_to_know(checkout: Any, network: Any) -> None:
    mace.convert(ask(network))
    config, model = config_of(network)
    source = network.folder / "network.onnx"
    assert config["target_abis"] == ["arm64-v8a"]
    assert (config["model_graph_format"], config["model_data_format"]) == ("file", "file")
    assert model == {
        "platform": "onnx",
        "model_file_path": str(source),
        "model_sha256_checksum": sha256_of(source),
        "subgraphs": [
            {
                "input_tensors": ["input"],
                "input_shapes": ["1,3,2,4"],
                "input_data_formats": ["NCHW"],
                "output_tensors": ["logits"],
                "output_shapes": ["1,2"],
                "output_data_formats": ["NCHW"],
            }
        ],
        "runtime": "cpu+gpu",
        "limit_opencl_kernel_time": 0,
        "obfuscate": 0,
        "winograd": 0,
        "data_type": "fp32_fp32",
    }


@pytest.mark.parametrize(
    ("precision", "options", "added", "abi"),
    [
        ("float16", {}, {"data_type": "fp16_fp32"}, "arm64-v8a"),
        ("float32", {"runtime": "cpu"}, {}, "host"),
        ("float32", {"runtime": "dsp"}, {"data_type": "fp32_fp32"}, "arm64-v8a"),
    ],
)
def test_precision_and_runtime_are_keys_of_the_settings(
    checkout: Any,
    network: Any,
    precision: str,
    options: dict[str, str],
    added: dict[str, str],
    abi: str,
) -> None:
    mace.convert(ask(network, precision=precision, options=options))
    config, model = config_of(network)
    assert config["target_abis"] == [abi]
    assert {k: v for k, v in model.items() if k == "data_type"} == added


def test_a_frozen_graph_is_tensorflow_s(checkout: Any, network: Any) -> None:
    mace.convert(ask(network, "network.pb"))
    _, model = config_of(network)
    assert model["platform"] == "tensorflow"
    assert model["subgraphs"][0]["input_data_formats"] == ["NHWC"]


def test_int8_needs_measured_ranges(checkout: Any, network: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quantize_range_file"):
        mace.convert(ask(network, precision="int8"))
    ranges = tmp_path / "ranges"
    ranges.write_text("input@@-1,1")
    options = {"quantize_range_file": str(ranges), "runtime": "cpu"}
    mace.convert(ask(network, precision="int8", options=options))
    _, model = config_of(network)
    assert (model["quantize"], model["quantize_range_file"]) == (1, str(ranges))


def test_what_a_runtime_cannot_do_is_refused(checkout: Any, network: Any) -> None:
    with pytest.raises(InputError, match="computes in float32 on its runtime cpu"):
        mace.convert(ask(network, precision="float16", options={"runtime": "cpu"}))
    with pytest.raises(InputError, match="has no runtime npu"):
        mace.convert(ask(network, options={"runtime": "npu"}))
    assert not checkout.calls


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("print('ERROR: [Model Converter] sha256checksum not match'); sys.exit(1)", "checksum"),
        ("print('usage: converter.py')", "never said that it succeeded"),
        ("name = json.loads(Path(argv[1][9:]).read_text())['library_name']\n"
         "print(f'Model {name} converted')", "wrote no ibd_"),
        ("raise SystemExit('adb: command not found')", "adb: command not found"),
    ],
)  # fmt: skip
def test_a_converter_that_fails_by_any_sign_makes_nothing(
    checkout: Any, network: Any, body: str, problem: str
) -> None:
    checkout.program("tools/converter.py", body)
    with pytest.raises(PayloadFailed) as caught:
        mace.convert(ask(network))
    assert caught.value.subject == "converter.py of MACE 1.1.1"
    assert problem in caught.value.problem
    assert not (network.work / "network.pb").exists()


def test_files_of_an_earlier_run_are_not_taken_for_new_ones(checkout: Any, network: Any) -> None:
    mace.convert(ask(network))
    (network.work / "network.pb").unlink()
    stale = checkout.root / "build" / f"ibd_{sha256_of(network.folder / 'network.onnx')[:12]}"
    (stale / "model" / f"{stale.name}.pb").write_bytes(GRAPH)
    (stale / "model" / f"{stale.name}.data").write_bytes(b"old")
    checkout.program("tools/converter.py", f"print('Model {stale.name} converted')")
    with pytest.raises(PayloadFailed, match=r"wrote no ibd_"):
        mace.convert(ask(network))


def test_a_graph_that_is_cut_short_is_refused(checkout: Any, network: Any) -> None:
    write(checkout, graph=GRAPH[:-1])
    with pytest.raises(DataError, match="is no whole protobuf message"):
        mace.convert(ask(network))


def test_weights_that_are_empty_are_refused(checkout: Any, network: Any) -> None:
    write(checkout, weights=b"")
    with pytest.raises(PayloadFailed, match=r"\.data is empty"):
        mace.convert(ask(network))


def test_two_conversions_do_not_use_one_checkout_at_a_time(checkout: Any, network: Any) -> None:
    handle = os.open(checkout.root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="is used by another conversion"):
            mace.convert(ask(network, options={"limit_s": 0.5}))
        assert not checkout.calls
    finally:
        os.close(handle)
    mace.convert(ask(network))


def test_a_checkout_without_a_version_is_refused(checkout: Any, network: Any) -> None:
    assert mace.tools() == {"mace": "1.1.1"}
    (checkout.root / "RELEASE.md").unlink()
    with pytest.raises(HostError, match="tells no version"):
        mace.convert(ask(network))


def test_a_missing_checkout_says_what_to_install_and_where_to_point(
    network: Any, lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mace.missing_reason() == "MACE is not named anywhere"
    with pytest.raises(HostError) as caught:
        mace.convert(ask(network))
    assert str(lab / "sdks.toml") in caught.value.remedy
    monkeypatch.setenv("MACE_ROOT", str(tmp_path))
    assert mace.missing_reason() == f"MACE is not in {tmp_path}: no tools/converter.py"


def test_a_checkout_in_place_lacks_nothing(checkout: Any) -> None:
    assert mace.missing_reason() == ""
