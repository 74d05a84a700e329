"""Deep learning containers, read back by the vendor's own reader and run by its own runner."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps import step
from ibd_mobile.convert.steps.step import Request
from ibd_mobile.convert.vendor import _answers, _raw
from ibd_mobile.convert.vendor._command import Command, run
from ibd_mobile.convert.vendor._made import placed
from ibd_mobile.convert.vendor._sdk import Sdk
from ibd_mobile.convert.vendor._source import Source
from ibd_mobile.core.errors import DataError

#: the same program under its name in SNPE and in newer QAIRT
_READERS: Final = ("snpe-dlc-info", "qairt-dlc-info")
_CONVERTER: Final = re.compile(r"DLC created with converter version:\s*((\d+)\.[\w.]+)")
_MACS: Final = re.compile(r"Total MACs per inference:\s*([\d.]+\s?[A-Za-z]?)")
CONVERTED: Final = r"INFO_CONVERSION_SUCCESS|Conversion completed successfully"
#: three generations of the same quantiser
QUANTIZED: Final = r"Saved quantized dlc to:|Writing quantized model|Successfully saved DLC to"
CONVERTER_FAILURES: Final = {
    r"ERROR_\w*(?:UNSUPPORTED|NOT_SUPPORTED|UNKNOWN)\w*": "The converter does not know an op of"
    " this network; a newer SDK may.",
    r"Illegal instruction": "This computer's processor lacks instructions that the SDK uses.",
}


@dataclass(frozen=True, slots=True)
class DlcInfo:
    """What a container says of itself."""

    version: str  #: of the converter that made it
    macs: str  #: as the vendor counts and writes it: "569M"; "" = not told


def require_whole(sdk: Sdk, dlc: Path, folder: Path) -> DlcInfo:
    """Have the vendor's reader go through a container, and say which SDK made it.

    Raises:
        HostError: the SDK has no reader.
        RunError: the reader fails: the file is not whole.
        DataError: it was made by a converter of another major version.
    """
    reader = next((name for name in _READERS if sdk.has(name)), _READERS[0])
    said = run(
        Command(
            tool=sdk.tool(reader),
            argv=[*sdk.words(reader), "-i", str(dlc)],
            folder=folder,
            env=sdk.env(),
            success=_CONVERTER.pattern,
        )
    )
    version, major = _CONVERTER.findall(said.output)[0]  # run() has seen that it is there
    if int(major) != sdk.version.major:
        raise DataError(
            str(dlc),
            f"was made by converter {version}, not by {sdk.name} {sdk.version.text}",
            "Look at which SDK the Python in sdks.toml picks up.",
        )
    macs = _MACS.search(said.output)
    return DlcInfo(version, macs[1].strip() if macs else "")


@dataclass(frozen=True, slots=True)
class HostRunner:
    """A vendor's program that runs its own format on this computer."""

    program: str
    argv: tuple[str, ...]  #: after the program; list and output folder are added
    success: str


def compare(
    request: Request, source: Source, sdk: Sdk, runner: HostRunner, *, is_transposed: bool
) -> str:
    """Run what was made on the request's samples, and lay its outputs beside the source's.

    Args:
        request: with samples, and an ONNX source or its answers.
        source: names and shapes.
        sdk: has the runner, or not.
        runner: how it is called.
        is_transposed: pictures have their channels last there, and first in the source.

    Returns:
        "" when compared.npz is written, or why nothing could be compared.

    Raises:
        RunError: the runner is there and fails on what was made.
        DataError: its outputs are not what they should be.
    """
    why_not = not_comparable(request, source, sdk, runner.program)
    if why_not:
        return why_not
    folder = Path(request.folder)
    shutil.rmtree(folder / "said", ignore_errors=True)
    listing = _raw.write_inputs(request.samples, folder, "samples", is_transposed=is_transposed)
    run(
        Command(
            tool=sdk.tool(runner.program),
            argv=[
                *sdk.words(runner.program),
                *runner.argv,
                *("--input_list", listing.name, "--output_dir", "said"),
            ],
            folder=folder,
            env=sdk.env(),
            success=runner.success,
        )
    )
    expected = _answers.of_source(request, source)
    layout = "NCHW" if is_transposed else ""
    shapes = [placed(output, layout) for output in source.outputs]
    found = _raw.read_outputs(folder / "said", shapes, len(expected[0]))
    step.write_compared(request, expected, [_as_source(a, is_transposed) for a in found])
    return ""


def not_comparable(request: Request, source: Source, sdk: Sdk, program: str) -> str:
    """Say why outputs cannot be compared here, or "" if they can."""
    if not sdk.has(program):
        return f"the SDK has no {program} for this computer"
    if why_not := _answers.unknown_reason(request, source):
        return why_not
    if source.input.shape[0] != 1:
        return "the runner takes one sample at a time, and the batch is larger"
    return ""


def _as_source(outputs: Any, is_transposed: bool) -> Any:
    return outputs.transpose(0, 3, 1, 2) if is_transposed and outputs.ndim == 4 else outputs
