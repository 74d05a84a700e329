"""MACE: ONNX or a frozen TensorFlow graph → graph and weights, by Xiaomi's `converter.py`.

The converter was not run here: its command line, its settings file and its texts are from its
sources and documents (v0.9 … v1.1). It works inside its own checkout and empties folders there, so
one conversion at a time uses a checkout.
"""

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor._command import LIMIT_S, Command, require_products, run
from ibd_mobile.convert.vendor._made import VendorMade, placed
from ibd_mobile.convert.vendor._sdk import python_of
from ibd_mobile.convert.vendor._setting import named_path, settings, settings_file
from ibd_mobile.convert.vendor._source import Source, dimensions, source_of
from ibd_mobile.convert.vendor._whole import require_protobuf
from ibd_mobile.core.errors import HostError, InputError
from ibd_mobile.core.file import sha256_of

_PLATFORMS: Final = {"onnx": "onnx", "tf_frozen": "tensorflow"}
_RUNTIMES: Final = ("cpu", "gpu", "cpu+gpu", "dsp", "hta")
formats_from: Final = frozenset(_PLATFORMS)
format_to: Final = "mace"
precisions: Final = frozenset(("float32", "float16", "int8"))
_BUILD: Final = ("build", "builds")  #: the same folder in newer and older versions
_POLL_S: Final = 0.2
_RELEASE: Final = re.compile(r"^#+\s*v?(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_FAILURES: Final = {
    r"sha256\s?checksum not match": "The network changed while it was converted; try again.",
    r"(?:adb: (?:command )?not found|CommandNotFound: adb)": "The converter asks adb for phones;"
    " put adb on the search path.",
}
_NO_HOST_RUNNER: Final = "not verified: MACE's own check needs a phone or a build by bazel"


def missing_reason() -> str:
    """Say what is missing to convert here, or "" if MACE is where the lab says."""
    try:
        _root()
    except HostError as error:
        return f"{error.subject} {error.problem}"
    return ""


def tools() -> dict[str, str]:
    """Return the version that what is made depends on: the newest in the checkout's RELEASE.md.

    Raises:
        HostError: MACE is missing, or its version cannot be found out.
    """
    return {"mace": _version(_root())}


def convert(request: Request) -> VendorMade:
    """Make graph (the file asked for) and weights (its companion, ending in .data).

    Options: `runtime`, one of cpu, gpu, cpu+gpu (default), dsp, hta; `quantize_range_file`, the
    ranges that MACE's own tool measured, without which there is no int8.

    Raises:
        HostError: MACE is missing, or another conversion uses the checkout for too long.
        InputError: the converter cannot do what is asked.
        RunError: the converter failed, by status, word or file.
        DataError: the graph is cut short.
    """
    source = source_of(request, "MACE", formats_from, precisions)
    root = _root()
    version = _version(root)
    sha256 = sha256_of(source.model)
    name = f"ibd_{sha256[:12]}"
    limit_s = request.options.get("limit_s", LIMIT_S)
    config = Path(request.folder).absolute() / "mace.yml"
    # every JSON text is YAML, so no library is needed to write one
    config.write_text(json.dumps(_config(request, source, name, sha256), indent=1))
    with _alone(root, limit_s):
        made = _convert(root, version, name, config, limit_s)
        require_protobuf(made.with_suffix(".pb"))
        weights = request.target.with_suffix(".data")
        shutil.move(made.with_suffix(".pb"), request.target)
        shutil.move(made.with_suffix(".data"), weights)
    return VendorMade(
        inputs=[placed(tensor, source.layout) for tensor in source.inputs],
        outputs=[placed(tensor, source.layout) for tensor in source.outputs],
        layout="NHWC",
        batch=source.input.shape[0],
        companions={"weights": weights.name},
        notes=[_NO_HOST_RUNNER],
        tools={"mace": version, "runtime": _runtime(request)},
    )


def _root() -> Path:
    root = named_path(settings().mace.root, ("MACE_ROOT",))
    where = (
        "Check out MACE and install what its converter needs; name the folder: [mace] root ="
        f' "…" in {settings_file()}, or MACE_ROOT.'
    )
    if root is None:
        raise HostError("MACE", "is not named anywhere", where)
    if not (root / "tools" / "converter.py").is_file():
        raise HostError("MACE", f"is not in {root}: no tools/converter.py", where)
    return root


def _version(root: Path) -> str:
    notes = root / "RELEASE.md"
    text = notes.read_text(encoding="utf-8", errors="replace") if notes.is_file() else ""
    match = _RELEASE.search(text)
    if match is None:
        raise HostError("MACE", f"tells no version: nothing in {notes}", "Check out a release.")
    return match[1]


def _runtime(request: Request) -> str:
    runtime = str(request.options.get("runtime", "cpu+gpu"))
    if runtime not in _RUNTIMES:
        raise InputError("MACE", f"has no runtime {runtime}", f"Known: {', '.join(_RUNTIMES)}.")
    return runtime


def _config(request: Request, source: Source, name: str, sha256: str) -> dict[str, Any]:
    runtime = _runtime(request)
    subgraph = {
        "input_tensors": [tensor.name for tensor in source.inputs],
        "input_shapes": [dimensions(tensor) for tensor in source.inputs],
        "input_data_formats": [source.layout],
        "output_tensors": [tensor.name for tensor in source.outputs],
        "output_shapes": [dimensions(tensor) for tensor in source.outputs],
        "output_data_formats": [source.layout],
    }
    model = {
        "platform": _PLATFORMS[source.format],
        "model_file_path": str(source.model),
        "model_sha256_checksum": sha256,
        "subgraphs": [subgraph],
        "runtime": runtime,
        "limit_opencl_kernel_time": 0,
        "obfuscate": 0,
        "winograd": 0,
    } | _precision(request, runtime)
    return {
        "library_name": name,
        # for a phone the converter asks adb which ones there are
        "target_abis": ["host" if runtime == "cpu" else "arm64-v8a"],
        "model_graph_format": "file",
        "model_data_format": "file",
        "models": {name: model},
    }


def _precision(request: Request, runtime: str) -> dict[str, Any]:
    if request.precision == "int8":
        ranges = Path(request.options.get("quantize_range_file", ""))
        if not ranges.is_file():
            raise InputError(
                "MACE",
                "quantises with ranges that its own tool measured, and option"
                " 'quantize_range_file' names no such file",
                "Convert with quantize_stat, run that on a phone, then quantize_stat.py.",
            )
        return {"quantize": 1, "quantize_range_file": str(ranges.absolute())}
    if runtime == "cpu":
        if request.precision == "float16":
            raise InputError("MACE", "computes in float32 on its runtime cpu", "Use cpu+gpu.")
        return {}  # the converter's own default; its name changed with the versions
    return {"data_type": "fp32_fp32" if request.precision == "float32" else "fp16_fp32"}


@contextmanager
def _alone(root: Path, limit_s: float) -> Iterator[None]:
    """Keep other conversions out of a checkout, those of other processes too."""
    handle = os.open(root, os.O_RDONLY)
    deadline_s = time.monotonic() + limit_s
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise HostError(
                        str(root), f"is used by another conversion for more than {limit_s:g} s"
                    ) from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(handle)


def _convert(root: Path, version: str, name: str, config: Path, limit_s: float) -> Path:
    """Run the converter and return the path of what it made, without an ending."""
    for build in _BUILD:
        shutil.rmtree(root / build / name, ignore_errors=True)
    command = Command(
        tool=f"converter.py of MACE {version}",
        argv=[
            python_of(settings().mace.python),
            *("tools/converter.py", "convert", f"--config={config}"),
        ],
        folder=root,
        log_folder=config.parent,
        success=rf"Model {name} converted",
        failures=_FAILURES,
        limit_s=limit_s,
    )
    run(command)
    build = next((b for b in _BUILD if (root / b / name).is_dir()), _BUILD[0])
    made = root / build / name / "model" / name
    require_products(command, (made.with_suffix(".pb"), made.with_suffix(".data")))
    return made
