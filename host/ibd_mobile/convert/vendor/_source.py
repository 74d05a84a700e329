"""What a vendor's converter is asked to make: the source network, its tensors, what fits.

Beside the request's own fields these options are read:

- `inputs`, `outputs`: lists of tables as `core.model.Tensor`, batch first; what vendors call
  dimensions and nodes. Needed by all;
- `layout`: of a picture in the source, "NHWC" or "NCHW"; default: the format's habit;
- `source_outputs`: an .npz with `source_0` …, what the source says to the request's samples. An
  ONNX network is run here where nobody says it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps.step import Request, TensorInfo
from ibd_mobile.core.errors import InputError

#: ending -> format; TorchScript is what `torch.jit.trace` saves, and no format of the catalog
_FORMATS: Final = {".onnx": "onnx", ".pb": "tf_frozen", ".tflite": "tflite", ".pt": "torchscript"}
_NHWC_FIRST: Final = ("tf_frozen", "tflite")
_TENSOR_KEYS: Final = frozenset(("name", "dtype", "shape"))


@dataclass(frozen=True, slots=True)
class Source:
    """A network as a vendor's converter gets it."""

    format: str
    files: dict[str, Path]  #: role -> file
    inputs: list[TensorInfo]  #: with the batch set
    outputs: list[TensorInfo]
    layout: str

    @property
    def model(self) -> Path:
        """Its only file."""
        return self.files["model"]

    @property
    def input(self) -> TensorInfo:
        """Its only input."""
        return self.inputs[0]


def source_of(
    request: Request, converter: str, formats: Collection[str], precisions: Collection[str]
) -> Source:
    """Read what is asked for, and refuse what the converter cannot do.

    Args:
        request: what the caller wants.
        converter: what errors call it.
        formats: of sources that it reads.
        precisions: that it can give.

    Raises:
        InputError: names what does not fit and what would.
    """
    if request.precision not in precisions:
        raise InputError(
            converter,
            f"cannot make {request.precision}",
            f"It can make: {', '.join(sorted(precisions))}.",
        )
    files = {role: Path(path).absolute() for role, path in request.source.items()}
    format = _format_of(files, converter)
    if format not in formats:
        raise InputError(
            converter, f"does not read {format}", f"It reads: {', '.join(sorted(formats))}."
        )
    for path in files.values():
        if not path.is_file():
            raise InputError(str(path), "is not there, or is no file")
    inputs, outputs = (_tensors(request, key, converter) for key in ("inputs", "outputs"))
    if len(inputs) != 1:
        raise InputError(converter, f"takes networks with one input, found {len(inputs)}")
    layout = request.options.get("layout", "NHWC" if format in _NHWC_FIRST else "NCHW")
    return Source(format, files, inputs, outputs, layout)


def dimensions(tensor: TensorInfo) -> str:
    """Return a shape as vendors' command lines write it: `1,224,224,3`."""
    return ",".join(str(size) for size in tensor.shape)


def _format_of(files: dict[str, Path], converter: str) -> str:
    if set(files) == {"init", "predict"}:
        return "caffe2"
    if set(files) != {"model"}:
        raise InputError(
            converter,
            f"takes a source with the role model, or init and predict; found {sorted(files)}",
        )
    suffix = files["model"].suffix.lower()
    if suffix not in _FORMATS:
        raise InputError(
            str(files["model"]), f"has an unknown ending; known are {', '.join(_FORMATS)}"
        )
    return _FORMATS[suffix]


def _tensors(request: Request, key: str, converter: str) -> list[TensorInfo]:
    tables: list[dict[str, Any]] = request.options.get(key, [])
    if not tables:
        raise InputError(
            converter, f"has to be told the network's tensors: option '{key}' is missing"
        )
    batch = max(request.batch, 1)  # these formats have no open batch
    tensors = []
    for table in tables:
        info = TensorInfo(**{name: table[name] for name in _TENSOR_KEYS})
        first, *rest = info.shape
        if any(size < 1 for size in rest) or (first >= 1 and first != batch):
            raise InputError(
                converter, f"cannot give {info.name} with shape {info.shape} the batch {batch}"
            )
        tensors.append(replace(info, shape=[batch, *rest]))
    return tensors
