"""HiAI: ONNX or a frozen TensorFlow graph → .om, by Huawei's `omg`; float32, float16 or int8.

Neither `omg` nor a Kirin phone was at hand: command lines and texts are from Huawei's pages and
from public logs of kits from 100.500 on. Those serve the NPUs of Kirin 810, 990 and later; for a
Kirin 980 there is no converter that can still be had, and its phone refuses what these make.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor._command import LIMIT_S, Command, Said, run
from ibd_mobile.convert.vendor._made import VendorMade, placed
from ibd_mobile.convert.vendor._setting import named_path, settings, settings_file
from ibd_mobile.convert.vendor._source import Source, dimensions, source_of
from ibd_mobile.core.errors import HostError, InputError, PayloadFailed
from ibd_mobile.core.file import sha256_of

_FRAMEWORKS: Final = {"tf_frozen": "3", "onnx": "5"}  #: omg's numbers
_WEIGHTS: Final = {"float32": "FP32", "float16": "FP16", "int8": "FP16"}
formats_from: Final = frozenset(_FRAMEWORKS)
format_to: Final = "om"
precisions: Final = frozenset(_WEIGHTS)
_SUCCESS: Final = r"OMG generate offline model success"
_PARTITION: Final = re.compile(r"partition type NPU:(\d+), CPU:(\d+)")
_FAILURES: Final = {
    r"(?i)unknown (?:command line )?flag '?(\S+?)'?[\s:]": "This kit does not know --{1}.",
    r"(?i)type (\w+) don'?t support": "The kit has no {1} for the NPU; change the network.",
}
_NO_HOST_RUNNER: Final = "not verified: HiAI has no runner for this computer"


def missing_reason() -> str:
    """Say what is missing to convert here, or "" if `omg` is where the lab says."""
    try:
        _omg()
    except HostError as error:
        return f"{error.subject} {error.problem}"
    return ""


def tools() -> dict[str, str]:
    """Return the version that what is made depends on; where nobody tells it, the program's hash.

    Raises:
        HostError: `omg` is missing.
    """
    omg = _omg()
    return {"omg": settings().hiai.version or f"sha256:{sha256_of(omg)[:16]}"}


def convert(request: Request) -> VendorMade:
    """Make an offline model, read it back, and say on which processors it lies.

    Options: `platform` and `hiai_version` as omg takes them; `compress_conf`, the parameter file
    of Huawei's quantiser, without which there is no int8; `allow_no_npu`.

    Raises:
        HostError: `omg` is missing, or no folder has a name that it can read.
        InputError: the converter cannot do what is asked.
        RunError: omg failed by status, word or file, or put nothing on the NPU.
    """
    source = source_of(request, "HiAI", formats_from, precisions)
    omg = _omg()
    tool = f"omg {tools()['omg']}"
    with _plain_folder() as folder:
        made = folder / "network.om"
        argv = [str(omg), *_arguments(request, source, folder, made)]
        command = Command(
            tool=tool,
            argv=argv,
            folder=folder,
            products=(made,),
            success=_SUCCESS,
            failures=_FAILURES,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
        try:
            said = run(command)
            notes = _placement(request, said, tool)
            _read_back(omg, made, folder, tool)
            shutil.move(made, request.target)
        finally:
            for log in folder.glob("*.log"):
                shutil.copyfile(log, Path(request.folder) / log.name)
    return VendorMade(
        inputs=[placed(tensor, "") for tensor in source.inputs],
        outputs=[placed(tensor, "") for tensor in source.outputs],
        layout=source.layout,
        batch=source.input.shape[0],
        notes=[_NO_HOST_RUNNER, *notes],
        tools=tools(),
    )


def _omg() -> Path:
    omg = named_path(settings().hiai.omg, ("HIAI_OMG",))
    where = (
        "Install Huawei's HiAI DDK (CANN Kit) and name its wrapper: [hiai] omg ="
        f' "…/tools_omg/omg" in {settings_file()}, or HIAI_OMG.'
    )
    if omg is None:
        raise HostError("omg of the HiAI DDK", "is not named anywhere", where)
    if not omg.is_file() or not os.access(omg, os.X_OK):
        raise HostError("omg of the HiAI DDK", f"is no program: {omg}", where)
    return omg


@contextmanager
def _plain_folder() -> Iterator[Path]:
    """Give a folder whose path is ASCII: omg writes nothing to any other, and says it did."""
    with tempfile.TemporaryDirectory(prefix="ibd-omg-") as name:
        if not name.isascii():
            raise HostError(name, "is no ASCII path, which omg needs", "Set TMPDIR to one.")
        yield Path(name)


def _arguments(request: Request, source: Source, folder: Path, made: Path) -> list[str]:
    model = source.model
    if not str(model).isascii():
        model = folder / f"source{model.suffix}"
        shutil.copyfile(source.model, model)
    argv = ["--model", str(model), "--framework", _FRAMEWORKS[source.format]]
    argv += ["--output", str(made.with_suffix(""))]
    argv += ["--input_shape", f"{source.input.name}:{dimensions(source.input)}"]
    if source.format == "tf_frozen":
        nodes = [f"{tensor.name.removesuffix(':0')}:0" for tensor in source.outputs]
        argv += ["--out_nodes", ";".join(nodes)]
    argv += ["--weight_data_type", _WEIGHTS[request.precision]]
    if request.precision == "int8":
        argv += ["--compress_conf", _compress_conf(request)]
    for option in ("platform", "hiai_version"):
        if option in request.options:
            argv += [f"--{option}", str(request.options[option])]
    return argv


def _compress_conf(request: Request) -> str:
    path = Path(request.options.get("compress_conf", ""))
    if not path.is_file():
        raise InputError(
            "HiAI",
            "quantises with the parameters of Huawei's own tool, and option 'compress_conf' names"
            " no such file",
            "Make one with tools_dopt of the DDK.",
        )
    return str(path.absolute())


def _placement(request: Request, said: Said, tool: str) -> list[str]:
    """Say on which processors the network lies; refuse one with nothing on the NPU."""
    parts = [(int(npu), int(cpu)) for npu, cpu in _PARTITION.findall(said.output)]
    if not parts:
        return ["omg did not say on which processors the network lies"]
    npu_count, cpu_count = (sum(column) for column in zip(*parts, strict=True))
    shares = f"{npu_count} parts on the NPU, {cpu_count} on the CPU"
    if npu_count == 0 and not request.options.get("allow_no_npu", False):
        raise PayloadFailed(
            tool,
            f"says success, but nothing lies on the NPU: {shares}",
            "Give it the phone's platform (option 'platform', and its plug-in in the kit), or"
            " allow it with option 'allow_no_npu'.",
            code=said.code,
        )
    return [shares] if cpu_count else []


def _read_back(omg: Path, made: Path, folder: Path, tool: str) -> None:
    """Have omg turn the model into JSON: one that is cut short cannot be."""
    text = folder / "network.json"
    run(
        Command(
            tool=f"omg-json {tool.partition(' ')[2]}",
            argv=[str(omg), "--mode", "1", "--om", str(made), "--json", str(text)],
            folder=folder,
            products=(text,),
        )
    )
