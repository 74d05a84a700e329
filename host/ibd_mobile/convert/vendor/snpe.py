"""SNPE: TensorFlow, TFLite, ONNX, TorchScript or Caffe2 → DLC, float32 or quantised to int8.

The SDK was not at hand: command lines and texts are from its documents and from public logs of
1.49, 1.54, 1.68, 2.10 and 2.22. Containers of SNPE 1 and 2 do not mix, so `snpe_major` is one of
the versions that every container is filed under.
"""

from pathlib import Path
from typing import Final

from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor import _dlc, _raw, _sdk
from ibd_mobile.convert.vendor._command import LIMIT_S, Command, run
from ibd_mobile.convert.vendor._made import VendorMade, placed
from ibd_mobile.convert.vendor._sdk import Sdk
from ibd_mobile.convert.vendor._source import Source, dimensions, source_of
from ibd_mobile.core.errors import HostError, InputError

_CONVERTERS: Final = {
    "tf_frozen": "snpe-tensorflow-to-dlc",
    "onnx": "snpe-onnx-to-dlc",
    "tflite": "snpe-tflite-to-dlc",
    "torchscript": "snpe-pytorch-to-dlc",
    "caffe2": "snpe-caffe2-to-dlc",
}
formats_from: Final = frozenset(_CONVERTERS)
format_to: Final = "dlc"
precisions: Final = frozenset(("float32", "int8"))
_NET_RUN: Final = r"^Successfully executed(?:!| graph .+)\s*$"
_KNOWN_MAJORS: Final = (1, 2)


def missing_reason() -> str:
    """Say what is missing to convert here, or "" if the SDK is where the lab says."""
    return _sdk.missing_reason(_sdk.SNPE)


def tools() -> dict[str, str]:
    """Return the versions that what is made depends on.

    Raises:
        HostError: the SDK is missing or too strange to be used.
    """
    return _tools(_open())


def convert(request: Request) -> VendorMade:
    """Make a container, read it back, and compare it with its source where that can be done.

    Option `is_for_aip`: an int8 container is prepared for the tensor accelerator of an SD855 too.

    Raises:
        HostError: the SDK, or one of its programs, is missing.
        InputError: the converter cannot do what is asked.
        RunError: a program of the SDK failed, by status, word or file.
        DataError: what was made is not what its SDK makes.
    """
    source = source_of(request, "SNPE", formats_from, precisions)
    if request.precision == "int8" and source.input.shape[0] != 1:
        raise InputError("SNPE", "quantises with batch 1 only", "Resize it where it runs.")
    sdk = _open()
    folder = Path(request.folder)
    is_float = request.precision == "float32"
    plain = request.target if is_float else folder / "float32.dlc"
    _convert(source, sdk, plain, request)
    is_transposed = source.layout == "NCHW"
    if not is_float:
        _quantize(request, sdk, plain, is_transposed)
    info = _dlc.require_whole(sdk, request.target.absolute(), folder)
    argv = ("--container", request.target.name)
    runner = _dlc.HostRunner("snpe-net-run", argv, _NET_RUN)
    why_not = _dlc.compare(request, source, sdk, runner, is_transposed=is_transposed)
    return _made(request, source, sdk, info, why_not)


def _open() -> Sdk:
    sdk = _sdk.open_sdk(_sdk.SNPE)
    if sdk.version.major not in _KNOWN_MAJORS:
        raise HostError(
            f"SNPE {sdk.version.text}",
            "has a command line that is not on record here",
            "Use SNPE 1.40 … 2.x.",
        )
    return sdk


def _convert(source: Source, sdk: Sdk, dlc: Path, request: Request) -> None:
    program = _CONVERTERS[source.format]
    if source.format == "caffe2" and sdk.version.major != 1:
        raise HostError(
            f"SNPE {sdk.version.text}",
            "reads no Caffe2 nets; only 1.x does",
            "Convert them to ONNX first, or name an SDK 1.x.",
        )
    run(
        Command(
            tool=sdk.tool(program),
            argv=[*sdk.words(program), *_arguments(source, sdk, dlc.absolute())],
            folder=Path(request.folder),
            env=sdk.env(),
            products=(dlc.absolute(),),
            success=_dlc.CONVERTED,
            failures=_dlc.CONVERTER_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )


def _arguments(source: Source, sdk: Sdk, dlc: Path) -> list[str]:
    name, shape = source.input.name, dimensions(source.input)
    nodes = [word for output in source.outputs for word in ("--out_node", output.name)]
    is_old = sdk.version.major == 1 and sdk.version.minor < 40
    if is_old and source.format != "tf_frozen":
        raise HostError(
            f"SNPE {sdk.version.text}",
            f"has a command line for {source.format} that is not on record here",
            "Use SNPE 1.40 or newer.",
        )
    match source.format:
        case "tf_frozen" if is_old:
            graph = ["--graph", str(source.model), "--input_dim", name, shape]
            return [*graph, *nodes, "--dlc", str(dlc)]
        case "tf_frozen":
            graph = ["--input_network", str(source.model), "--input_dim", name, shape]
            return [*graph, *nodes, "--output_path", str(dlc)]
        case "caffe2":
            nets = ["--predict_net", str(source.files["predict"])]
            nets += ["--exec_net", str(source.files["init"])]
            return [*nets, "--input_dim", name, shape, "--dlc", str(dlc)]
        case "torchscript":
            graph = ["--input_network", str(source.model), "--input_dim", name, shape]
            return [*graph, "--output_path", str(dlc)]
        case "onnx" if sdk.version.major >= 2 and len(source.input.shape) == 4:
            graph = ["-i", str(source.model), "-d", name, shape]
            return [*graph, "--input_layout", name, source.layout, "-o", str(dlc)]
        case _:
            return ["-i", str(source.model), "-d", name, shape, "-o", str(dlc)]


def _quantize(request: Request, sdk: Sdk, plain: Path, is_transposed: bool) -> None:
    if not request.calibration:
        raise InputError("SNPE", "needs calibration inputs to quantise, and none are given")
    folder = Path(request.folder)
    listing = _raw.write_inputs(
        request.calibration, folder, "calibration", is_transposed=is_transposed
    )
    program = "snpe-dlc-quantize" if sdk.version.major == 1 else "snpe-dlc-quant"
    if not sdk.has(program):
        program = "snpe-dlc-quantize"  # early 2.x kept the old name
    files = ["--input_dlc", str(plain.absolute()), "--input_list", listing.name]
    files += ["--output_dlc", str(request.target.absolute())]
    if request.options.get("is_for_aip", False):
        if program != "snpe-dlc-quantize":
            raise InputError(sdk.tool(program), "prepares nothing for AIP", "Use SNPE 1.x.")
        files.append("--enable_hta")
    run(
        Command(
            tool=sdk.tool(program),
            argv=[*sdk.words(program), *files],
            folder=folder,
            env=sdk.env(),
            products=(request.target.absolute(),),
            success=_dlc.QUANTIZED,
            failures=_dlc.CONVERTER_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )


def _tools(sdk: Sdk) -> dict[str, str]:
    return {"snpe": sdk.version.text, "snpe_major": str(sdk.version.major)}


def _made(
    request: Request, source: Source, sdk: Sdk, info: _dlc.DlcInfo, why_not: str
) -> VendorMade:
    notes = [f"not verified: {why_not}"] if why_not else []
    if info.macs:
        notes.append(f"multiply-adds per inference, as SNPE counts: {info.macs}")
    if request.precision == "float32":
        notes.append(
            "a float32 container is quantised when a DSP loads it: slow start, other accuracy"
        )
    return VendorMade(
        inputs=[placed(tensor, source.layout) for tensor in source.inputs],
        outputs=[placed(tensor, source.layout) for tensor in source.outputs],
        layout="NHWC",
        batch=source.input.shape[0],
        notes=notes,
        tools=_tools(sdk),
        is_compared=not why_not,
    )
