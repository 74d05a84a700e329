"""QNN: ONNX → a shared library per platform, float32 or quantised to int8.

The converter writes C++ and weights, the generator compiles them: for the phone, and once more
for this computer, where the SDK's CPU library runs the network for the comparison. The SDK was
not at hand: command lines and texts are from its documents and from public logs of 2.13 … 2.47.
"""

import shutil
from pathlib import Path
from typing import Final

from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor import _dlc, _raw, _sdk, _whole
from ibd_mobile.convert.vendor._command import LIMIT_S, Command, run
from ibd_mobile.convert.vendor._made import VendorMade, placed
from ibd_mobile.convert.vendor._sdk import Sdk
from ibd_mobile.convert.vendor._setting import named_path, settings
from ibd_mobile.convert.vendor._source import Source, dimensions, source_of
from ibd_mobile.core.errors import HostError, InputError

formats_from: Final = frozenset(("onnx",))
format_to: Final = "qnn_library"
precisions: Final = frozenset(("float32", "int8"))
_NAME: Final = "network"  #: of the generated sources; the library's own name is made of it
_NET_RUN: Final = r"Finished Executing Graphs"
_NEEDS_NDK: Final = "Install Android's NDK and name its folder: [qnn] ndk in sdks.toml, or"


def missing_reason() -> str:
    """Say what is missing to convert here, or "" if the SDK is where the lab says."""
    return _sdk.missing_reason(_sdk.QNN)


def tools() -> dict[str, str]:
    """Return the versions that what is made depends on.

    Raises:
        HostError: the SDK is missing or too strange to be used.
    """
    return _tools(_open())


def convert(request: Request) -> VendorMade:
    """Make a library for option `platform` ("aarch64-android"), and compare one for this computer.

    Raises:
        HostError: the SDK, one of its programs or the NDK is missing.
        InputError: the converter cannot do what is asked.
        RunError: a program of the SDK failed, by status, word or file.
        DataError: a library is cut short or for another machine.
    """
    source = source_of(request, "QNN", formats_from, precisions)
    sdk = _open()
    platform = request.options.get("platform", "aarch64-android")
    if platform not in ("aarch64-android", _sdk.HOST):
        raise InputError("QNN", f"cannot make a library for {platform} here")
    env = sdk.env() | _ndk(platform, sdk)
    _write_sources(request, source, sdk)
    library = _library(request, sdk, platform, env)
    library.replace(request.target)
    why_not = _compare(request, source, sdk, env)
    return VendorMade(
        inputs=[placed(tensor, source.layout) for tensor in source.inputs],
        outputs=[placed(tensor, source.layout) for tensor in source.outputs],
        layout="NHWC",
        batch=source.input.shape[0],
        notes=[f"not verified: {why_not}"] if why_not else [],
        tools=_tools(sdk) | {"platform": platform},
        is_compared=not why_not,
    )


def _open() -> Sdk:
    sdk = _sdk.open_sdk(_sdk.QNN)
    if sdk.version.major != 2:
        raise HostError(
            f"QNN {sdk.version.text}", "has a command line that is not on record", "Use QNN 2.x."
        )
    return sdk


def _tools(sdk: Sdk) -> dict[str, str]:
    return {"qnn": sdk.version.text}


def _ndk(platform: str, sdk: Sdk) -> dict[str, str]:
    if not platform.endswith("android"):
        return {}
    ndk = named_path(settings().qnn.ndk, ("ANDROID_NDK_ROOT",))
    if ndk is None or not (ndk / "ndk-build").is_file():
        where = f"there is no ndk-build in {ndk}" if ndk else "none is named"
        raise HostError(
            sdk.tool("qnn-model-lib-generator"),
            f"compiles with Android's NDK, and {where}",
            f"{_NEEDS_NDK} ANDROID_NDK_ROOT.",
        )
    return {"ANDROID_NDK_ROOT": str(ndk), "PATH": f"{ndk}:{sdk.env()['PATH']}"}


def _write_sources(request: Request, source: Source, sdk: Sdk) -> None:
    folder = Path(request.folder).absolute()
    program, written = "qnn-onnx-converter", folder / f"{_NAME}.cpp"
    argv = [*sdk.words(program), "-i", str(source.model), "-o", str(written)]
    argv += ["-d", source.input.name, dimensions(source.input)]
    if request.precision == "int8":
        if not request.calibration:
            raise InputError("QNN", "needs calibration inputs to quantise, and none are given")
        is_transposed = source.layout == "NCHW"
        listing = _raw.write_inputs(
            request.calibration, folder, "calibration", is_transposed=is_transposed
        )
        argv += ["--input_list", listing.name]
    run(
        Command(
            tool=sdk.tool(program),
            argv=argv,
            folder=folder,
            env=sdk.env(),
            products=(written, written.with_suffix(".bin")),
            success=_dlc.CONVERTED,
            failures=_dlc.CONVERTER_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )


def _library(request: Request, sdk: Sdk, platform: str, env: dict[str, str]) -> Path:
    folder = Path(request.folder).absolute()
    program = "qnn-model-lib-generator"
    library = folder / "lib" / platform / f"lib{_NAME}.so"
    sources = ["-c", str(folder / f"{_NAME}.cpp"), "-b", str(folder / f"{_NAME}.bin")]
    run(
        Command(
            tool=sdk.tool(program),
            argv=[*sdk.words(program), *sources, "-t", platform, "-o", str(folder / "lib")],
            folder=folder,
            env=env,
            products=(library,),  # it has no success text on record; the library is looked at
            failures={r"ndk-build: (?:command )?not found": f"{_NEEDS_NDK} ANDROID_NDK_ROOT."},
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
    )
    _whole.require_library(library, platform)
    return library


def _compare(request: Request, source: Source, sdk: Sdk, env: dict[str, str]) -> str:
    cpu = sdk.libraries / "libQnnCpu.so"
    if not cpu.is_file():
        return "the SDK has no libQnnCpu.so for this computer"
    if shutil.which("clang++", path=env["PATH"]) is None:
        return "the generator needs clang++ to compile for this computer"
    why_not = _dlc.not_comparable(request, source, sdk, "qnn-net-run")
    if why_not:
        return why_not
    here = _library(request, sdk, _sdk.HOST, env)
    argv = ("--backend", str(cpu), "--model", str(here))
    runner = _dlc.HostRunner("qnn-net-run", argv, _NET_RUN)
    _dlc.compare(request, source, sdk, runner, is_transposed=source.layout == "NCHW")
    return ""
