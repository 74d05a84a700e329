"""QAIRT: ONNX → DLC by the successor of SNPE's and QNN's converters; float32, float16 or int8.

A picture keeps the layout it has in the source. The SDK was not at hand: command lines and texts
are from its documents and from public logs of 2.45 … 2.48.
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

formats_from: Final = frozenset(("onnx",))
format_to: Final = "qnn_dlc"
precisions: Final = frozenset(("float32", "float16", "int8"))
_NET_RUN: Final = r"Finished Executing Graphs"
_BIAS_BITS: Final = (8, 32)


def missing_reason() -> str:
    """Say what is missing to convert here, or "" if the SDK is where the lab says."""
    try:
        sdk = _sdk.locate(_sdk.QNN)
    except HostError as error:
        return f"{error.subject} {error.problem}"
    return "" if sdk.has("qairt-converter") else f"{sdk.root} has no qairt-converter"


def tools() -> dict[str, str]:
    """Return the versions that what is made depends on.

    Raises:
        HostError: the SDK is missing or has not this converter.
    """
    return _tools(_open())


def convert(request: Request) -> VendorMade:
    """Make a container, read it back, and compare it with its source where that can be done.

    Option `bias_bitwidth`: 32, or 8, which Hexagon V66 wants of some layers.

    Raises:
        HostError: the SDK, or one of its programs, is missing.
        InputError: the converter cannot do what is asked.
        RunError: a program of the SDK failed, by status, word or file.
        DataError: what was made is not what its SDK makes.
    """
    source = source_of(request, "QAIRT", formats_from, precisions)
    sdk = _open()
    folder = Path(request.folder)
    is_quantized = request.precision == "int8"
    plain = folder / "float32.dlc" if is_quantized else request.target
    _convert(request, source, sdk, plain.absolute())
    if is_quantized:
        _quantize(request, sdk, plain.absolute())
    info = _dlc.require_whole(sdk, request.target.absolute(), folder)
    libraries = [str(sdk.libraries / name) for name in ("libQnnCpu.so", "libQnnModelDlc.so")]
    argv = ("--backend", libraries[0], "--model", libraries[1], "--dlc_path", request.target.name)
    runner = _dlc.HostRunner("qnn-net-run", argv, _NET_RUN)
    why_not = _dlc.compare(request, source, sdk, runner, is_transposed=False)
    notes = [f"not verified: {why_not}"] if why_not else []
    if info.macs:
        notes.append(f"multiply-adds per inference, as QAIRT counts: {info.macs}")
    return VendorMade(
        inputs=[placed(tensor, "") for tensor in source.inputs],
        outputs=[placed(tensor, "") for tensor in source.outputs],
        layout=source.layout,
        batch=source.input.shape[0],
        notes=notes,
        tools=_tools(sdk),
        is_compared=not why_not,
    )


def _open() -> Sdk:
    sdk = _sdk.open_sdk(_sdk.QNN)
    sdk.words("qairt-converter")
    return sdk


def _tools(sdk: Sdk) -> dict[str, str]:
    # its containers are of the second kind, as SNPE 2's
    return {"qairt": sdk.version.text, "snpe_major": str(sdk.version.major)}


def _convert(request: Request, source: Source, sdk: Sdk, dlc: Path) -> None:
    program = "qairt-converter"
    argv = [*sdk.words(program), "--input_network", str(source.model), "--output_path", str(dlc)]
    argv += ["--source_model_input_shape", source.input.name, dimensions(source.input)]
    if request.precision == "float16":
        argv += ["--float_bitwidth", "16"]
    # no --target_soc_model, no --target_backend: 2.45 refuses them for SM8150 and its DSP
    run(
        Command(
            tool=sdk.tool(program),
            argv=argv,
            folder=Path(request.folder),
            env=sdk.env(),
            products=(dlc,),
            success=_dlc.CONVERTED,
            failures=_dlc.CONVERTER_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )


def _quantize(request: Request, sdk: Sdk, plain: Path) -> None:
    if not request.calibration:
        raise InputError("QAIRT", "needs calibration inputs to quantise, and none are given")
    bias_bits = request.options.get("bias_bitwidth", 32)
    if bias_bits not in _BIAS_BITS:
        raise InputError("QAIRT", f"cannot keep biases in {bias_bits} bits", "Use 8 or 32.")
    folder = Path(request.folder)
    listing = _raw.write_inputs(request.calibration, folder, "calibration", is_transposed=False)
    program = "qairt-quantizer"
    files = ["--input_dlc", str(plain), "--input_list", listing.name]
    files += ["--output_dlc", str(request.target.absolute())]
    bits = ["--act_bitwidth", "8", "--weights_bitwidth", "8", "--bias_bitwidth", str(bias_bits)]
    run(
        Command(
            tool=sdk.tool(program),
            argv=[*sdk.words(program), *files, *bits, "--use_per_channel_quantization"],
            folder=folder,
            env=sdk.env(),
            products=(request.target.absolute(),),
            success=_dlc.QUANTIZED,
            failures=_dlc.CONVERTER_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )
