from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import COMPARED
from ibd_mobile.convert.vendor import qairt as converter
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed

BIN = "bin/x86_64-linux-clang"
VERSION = "2.13.2.230822171732_60416"


def test_onnx_becomes_a_container_that_says_the_same(qnn: Any, network: Any) -> None:
    made = converter.convert(network.request(**network.arrays()))
    model, dlc = network.folder / "network.onnx", network.work / "network.dlc"
    assert qnn.call("qairt-converter")["argv"] == [
        *("--input_network", str(model), "--output_path", str(dlc)),
        *("--source_model_input_shape", "input", "1,3,2,4"),
    ]
    libraries = qnn.root / "lib" / "x86_64-linux-clang"
    assert qnn.calls[-1]["argv"] == [
        *("--backend", str(libraries / "libQnnCpu.so")),
        *("--model", str(libraries / "libQnnModelDlc.so"), "--dlc_path", "network.dlc"),
        *("--input_list", "samples.txt", "--output_dir", "said"),
    ]
    assert made.tools == {"qairt": VERSION, "snpe_major": "2"}
    assert (made.layout, made.is_compared) == ("NCHW", True)
    assert made.inputs[0].shape == [1, 3, 2, 4]
    with np.load(network.work / COMPARED) as compared:
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_float16_is_a_switch_of_the_converter(qnn: Any, network: Any) -> None:
    converter.convert(network.request(precision="float16"))
    assert qnn.call("qairt-converter")["argv"][-2:] == ["--float_bitwidth", "16"]


@pytest.mark.parametrize(("options", "bias"), [({}, "32"), ({"bias_bitwidth": 8}, "8")])
def test_int8_is_quantised_from_a_float_container(
    qnn: Any, network: Any, options: dict[str, int], bias: str
) -> None:
    fields = network.arrays()
    fields["options"] |= options
    converter.convert(network.request(precision="int8", **fields))
    assert qnn.call("qairt-quantizer")["argv"] == [
        *("--input_dlc", str(network.work / "float32.dlc"), "--input_list", "calibration.txt"),
        *("--output_dlc", str(network.work / "network.dlc")),
        *("--act_bitwidth", "8", "--weights_bitwidth", "8", "--bias_bitwidth", bias),
        "--use_per_channel_quantization",
    ]
    raw = np.fromfile(network.work / "calibration" / "0.raw", "<f4").reshape(3, 2, 4)
    assert (raw == network.samples[0]).all()


def test_what_cannot_be_quantised_is_refused(qnn: Any, network: Any) -> None:
    with pytest.raises(InputError, match="needs calibration inputs"):
        converter.convert(network.request(precision="int8"))
    fields = network.arrays()
    fields["options"]["bias_bitwidth"] = 16
    with pytest.raises(InputError, match="cannot keep biases in 16 bits"):
        converter.convert(network.request(precision="int8", **fields))


def test_a_converter_that_reports_success_and_writes_nothing_is_not_believed(
    qnn: Any, network: Any
) -> None:
    # a public script says that one of 2.4x did so on a full disk
    qnn.program(f"{BIN}/qairt-converter", "print('INFO_CONVERSION_SUCCESS: done')")
    with pytest.raises(PayloadFailed, match=r"wrote no network\.dlc"):
        converter.convert(network.request())


def test_a_container_of_another_generation_is_refused(qnn: Any, network: Any) -> None:
    qnn.program(f"{BIN}/snpe-dlc-info", "print('DLC created with converter version: 1.68.0.3932')")
    with pytest.raises(DataError, match=r"made by converter 1\.68"):
        converter.convert(network.request())


def test_an_sdk_without_this_converter_is_named(qnn: Any, network: Any) -> None:
    assert converter.missing_reason() == ""
    (qnn.root / BIN / "qairt-converter").unlink()
    assert converter.missing_reason() == f"{qnn.root} has no qairt-converter"
    with pytest.raises(HostError, match="has no qairt-converter in"):
        converter.tools()


def test_a_missing_sdk_is_said(network: Any) -> None:
    assert converter.missing_reason() == "QNN SDK is not named anywhere"
    with pytest.raises(HostError):
        converter.convert(network.request())
