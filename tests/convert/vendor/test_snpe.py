import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import COMPARED
from ibd_mobile.convert.vendor import _dlc
from ibd_mobile.convert.vendor import snpe as snpe_converter
from ibd_mobile.core.errors import HostError, InputError, PayloadFailed

BIN = "bin/x86_64-linux-clang"


def test_onnx_becomes_a_container_that_says_the_same(snpe: Any, network: Any) -> None:
    made = snpe_converter.convert(network.request(**network.arrays()))
    model, dlc = network.folder / "network.onnx", network.work / "network.dlc"
    assert snpe.call("snpe-onnx-to-dlc")["argv"] == [
        *("-i", str(model), "-d", "input", "1,3,2,4", "--input_layout", "input", "NCHW"),
        *("-o", str(dlc)),
    ]
    assert dlc.is_file()
    assert made.tools == {"snpe": "2.10.0.4541", "snpe_major": "2"}
    assert (made.layout, made.batch, made.is_compared) == ("NHWC", 1, True)
    assert [t.shape for t in made.inputs + made.outputs] == [[1, 2, 4, 3], [1, 2]]
    assert "multiply-adds per inference, as SNPE counts: 569M" in made.notes
    with np.load(network.work / COMPARED) as compared:
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_scripts_run_in_the_python_named_with_the_sdk_s_libraries(
    snpe: Any, network: Any, lab: Path, tmp_path: Path
) -> None:
    python = tmp_path / "venv python"
    python.symlink_to(Path(sys.executable).resolve())
    (lab / "sdks.toml").write_text(f'[snpe]\nroot = "{snpe.root}"\npython = "{python}"\n')
    snpe_converter.convert(network.request())
    call = snpe.call("snpe-onnx-to-dlc")
    assert call["python"] == str(python)
    assert call["env"]["PYTHONPATH"] == str(snpe.root / "lib" / "python")
    assert call["env"]["SNPE_ROOT"] == str(snpe.root)
    assert call["env"]["LD_LIBRARY_PATH"].startswith(f"{snpe.root}/lib/x86_64-linux-clang")
    assert call["cwd"] == str(network.work)


@pytest.mark.parametrize(
    ("file", "program", "argv"),
    [
        (
            "network.pb",
            "snpe-tensorflow-to-dlc",
            "--input_network {} --input_dim input 1,3,2,4 --out_node logits --output_path {}",
        ),
        ("network.tflite", "snpe-tflite-to-dlc", "-i {} -d input 1,3,2,4 -o {}"),
        (
            "network.pt",
            "snpe-pytorch-to-dlc",
            "--input_network {} --input_dim input 1,3,2,4 --output_path {}",
        ),
    ],
)
def test_each_format_has_its_converter(
    snpe: Any, network: Any, file: str, program: str, argv: str
) -> None:
    snpe_converter.convert(network.request(file))
    files = (str(network.folder / file), str(network.work / "network.dlc"))
    assert snpe.call(program)["argv"] == argv.format(*files).split()


def caffe2(network: Any) -> Any:
    for name in ("init.pb", "predict.pb"):
        (network.folder / name).write_bytes(b"net")
    source = {role: str(network.folder / f"{role}.pb") for role in ("init", "predict")}
    return network.request(source=source)


def test_caffe2_nets_are_for_the_first_major_version(snpe_1: Any, network: Any) -> None:
    made = snpe_converter.convert(caffe2(network))
    assert snpe_1.call("snpe-caffe2-to-dlc")["argv"] == [
        *("--predict_net", str(network.folder / "predict.pb")),
        *("--exec_net", str(network.folder / "init.pb")),
        *("--input_dim", "input", "1,3,2,4", "--dlc", str(network.work / "network.dlc")),
    ]
    assert made.tools == {"snpe": "1.68.0.3932", "snpe_major": "1"}


def test_the_second_major_version_says_that_it_reads_no_caffe2(snpe: Any, network: Any) -> None:
    with pytest.raises(HostError, match=r"SNPE 2\.10\.0\.4541: reads no Caffe2 nets") as caught:
        snpe_converter.convert(caffe2(network))
    assert "ONNX first" in caught.value.remedy


@pytest.mark.parametrize(
    ("fixture", "program"), [("snpe", "snpe-dlc-quant"), ("snpe_1", "snpe-dlc-quantize")]
)
def test_int8_is_quantised_with_the_samples_as_the_container_takes_them(
    request: pytest.FixtureRequest, network: Any, fixture: str, program: str
) -> None:
    sdk = request.getfixturevalue(fixture)
    made = snpe_converter.convert(network.request(precision="int8", **network.arrays()))
    plain, target = network.work / "float32.dlc", network.work / "network.dlc"
    assert sdk.call(program)["argv"] == [
        *("--input_dlc", str(plain), "--input_list", "calibration.txt"),
        *("--output_dlc", str(target)),
    ]
    assert sdk.call("snpe-onnx-to-dlc")["argv"][-1] == str(plain)
    assert sdk.call("snpe-dlc-info")["argv"] == ["-i", str(target)]
    raw = np.fromfile(network.work / "calibration" / "5.raw", "<f4").reshape(2, 4, 3)
    assert (raw == network.samples[5].transpose(1, 2, 0)).all()
    assert made.is_compared


def test_an_early_second_version_still_has_the_old_quantiser(snpe: Any, network: Any) -> None:
    (snpe.root / BIN / "snpe-dlc-quant").rename(snpe.root / BIN / "snpe-dlc-quantize")
    snpe_converter.convert(network.request(precision="int8", **network.arrays()))


def test_the_accelerator_of_an_sd855_is_prepared_for_where_it_is_asked(
    snpe_1: Any, network: Any
) -> None:
    fields = network.arrays()
    fields["options"]["is_for_aip"] = True
    snpe_converter.convert(network.request(precision="int8", **fields))
    assert snpe_1.call("snpe-dlc-quantize")["argv"][-1] == "--enable_hta"


def test_a_quantiser_that_cannot_prepare_for_it_says_so(snpe: Any, network: Any) -> None:
    fields = network.arrays()
    fields["options"]["is_for_aip"] = True
    with pytest.raises(InputError, match="prepares nothing for AIP"):
        snpe_converter.convert(network.request(precision="int8", **fields))


def test_int8_without_calibration_is_refused(snpe: Any, network: Any) -> None:
    with pytest.raises(InputError, match="needs calibration inputs"):
        snpe_converter.convert(network.request(precision="int8"))


def test_int8_of_a_larger_batch_is_refused_before_anything_runs(snpe: Any, network: Any) -> None:
    with pytest.raises(InputError, match="batch 1 only"):
        snpe_converter.convert(network.request(precision="int8", batch=8))
    assert not snpe.calls


def test_the_oldest_command_line_is_known_for_tensorflow_alone(
    sdk: Any, network: Any, monkeypatch: pytest.MonkeyPatch, snpe_1: Any
) -> None:
    snpe_1.program(f"{BIN}/snpe-net-run", "print('SNPE v1.35.0.698')", is_script=False)
    with pytest.raises(HostError, match="command line for onnx that is not on record"):
        snpe_converter.convert(network.request())
    snpe_converter.convert(network.request("network.pb"))
    assert snpe_1.call("snpe-tensorflow-to-dlc")["argv"] == [
        *("--graph", str(network.folder / "network.pb"), "--input_dim", "input", "1,3,2,4"),
        *("--out_node", "logits", "--dlc", str(network.work / "network.dlc")),
    ]


def test_a_third_major_version_is_refused(snpe: Any, network: Any) -> None:
    snpe.program(f"{BIN}/snpe-net-run", "print('SNPE v3.1.0.5')", is_script=False)
    with pytest.raises(HostError, match=r"SNPE 3\.1\.0\.5: has a command line that is not on"):
        snpe_converter.tools()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("Path(after('-o')).write_text('x')", "never said that it succeeded"),
        ("print('INFO_CONVERSION_SUCCESS: done')", "wrote no network.dlc"),
        (
            "print('ERROR_UNSUPPORTED_OP: Erf'); sys.exit(1)",
            "ended with 1: ERROR_UNSUPPORTED_OP: Erf",
        ),
        ("os.abort()", "ended with 134"),
    ],
)
def test_a_converter_that_fails_by_any_sign_makes_nothing(
    snpe: Any, network: Any, body: str, problem: str
) -> None:
    snpe.program(f"{BIN}/snpe-onnx-to-dlc", body)
    with pytest.raises(PayloadFailed) as caught:
        snpe_converter.convert(network.request())
    assert caught.value.subject == "snpe-onnx-to-dlc of SNPE SDK 2.10.0.4541"
    assert problem in caught.value.problem
    assert str(network.work / "snpe-onnx-to-dlc.log") in caught.value.remedy


def test_a_quantiser_that_says_nothing_of_a_file_makes_nothing(snpe: Any, network: Any) -> None:
    body = "Path(after('--output_dlc')).write_text('x'); print('[INFO] Quantized parameters')"
    snpe.program(f"{BIN}/snpe-dlc-quant", body, is_script=False)
    with pytest.raises(PayloadFailed, match="never said that it succeeded"):
        snpe_converter.convert(network.request(precision="int8", **network.arrays()))


def test_the_recorded_words_of_converter_and_quantiser_are_understood(recorded: Any) -> None:
    text = recorded("snpe_2.10_convert_and_quantize.txt")
    assert re.search(_dlc.CONVERTED, text)
    assert re.search(_dlc.QUANTIZED, text)
    lines = text.splitlines()
    assert not re.search(_dlc.CONVERTED, "\n".join(lines[:3]))
    assert not re.search(_dlc.QUANTIZED, "\n".join(lines[:9]))


@pytest.mark.parametrize("text", ["Writing quantized model", "Successfully saved DLC to q.dlc"])
def test_the_words_of_older_and_newer_quantisers_are_understood(text: str) -> None:
    assert re.search(_dlc.QUANTIZED, text)


def test_nothing_is_verified_in_silence(snpe: Any, network: Any) -> None:
    made = snpe_converter.convert(network.request())
    assert not made.is_compared
    assert made.notes[0] == "not verified: there are no samples to ask both networks"


def test_a_missing_sdk_says_what_to_install_and_where_to_point(network: Any, lab: Path) -> None:
    assert snpe_converter.missing_reason() == "SNPE SDK is not named anywhere"
    with pytest.raises(HostError) as caught:
        snpe_converter.convert(network.request())
    assert str(lab / "sdks.toml") in caught.value.remedy


def test_an_sdk_in_place_lacks_nothing(snpe: Any) -> None:
    assert snpe_converter.missing_reason() == ""
    assert snpe_converter.tools()["snpe_major"] == "2"
