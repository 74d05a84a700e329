"""Networks and the files that hold them."""

from typing import Literal

from ibd_mobile.core.device import Noun, Precision

Application = Literal["classification", "detection", "super_resolution"]
TrainingFramework = Literal["tensorflow", "pytorch", "caffe2"]
DType = Literal["float32", "float16", "int8", "uint8", "int32"]


class Input(Noun, frozen=True, kw_only=True):
    """What a network takes, and how a picture becomes it."""

    height: int
    width: int
    channels: int
    layout: Literal["NHWC", "NCHW"]
    colour_order: Literal["RGB", "BGR", "Y"]
    mean: list[float]  #: (channels,), subtracted from values in 0…255
    scale: list[float]  #: (channels,), what is left is divided by it
    resize: str = "none"


class Quantization(Noun, frozen=True, kw_only=True):
    """How real numbers stand in integers: real = scale × (stored − zero_point)."""

    scale: float
    zero_point: int


class Tensor(Noun, frozen=True, kw_only=True):
    """An input or output of an artifact."""

    name: str
    dtype: DType
    shape: list[int]  #: with the batch first; -1 where it may be set
    quantization: Quantization | None = None


class ReferenceAccuracy(Noun, frozen=True, kw_only=True):
    """Accuracy that an artifact should reach, and who says so."""

    metric: str  #: "top1" …
    value: float  #: ratio in 0…1
    n: int
    source: str


class Artifact(Noun, frozen=True, kw_only=True):
    """One file of a model: made with one training framework, in one format and precision."""

    file: str  #: beside the model's TOML
    sha256: str
    size_bytes: int
    training_framework: TrainingFramework
    format: Literal["tflite", "onnx"]
    precision: Precision
    batch: int = 1  #: the leading dimension; -1 = set at run time
    inputs: list[Tensor]
    outputs: list[Tensor]
    reference: list[ReferenceAccuracy] = []
    is_untrained: bool = False
    made_by: str  #: the command and the versions that made it


class Dataset(Noun, frozen=True, kw_only=True):
    """Labelled inputs, drawn by a seeded generator of this package."""

    id: str
    generator: str  #: name of the generator in results/accuracy or models/
    seed: int
    count: int
    labels: list[str]
    images_sha256: str  #: of all pictures' bytes (count, height, width, channels) uint8, in order
    labels_sha256: str  #: of all labels' bytes, (count,) uint8


class Model(Noun, frozen=True, kw_only=True):
    """A network of one application, independent of the file that holds it."""

    schema: Literal[1]
    id: str
    name: str
    application: Application
    licence: str
    macs_count: int  #: multiply-adds of one sample
    macs_counter: str  #: who counted, version, and what it counts
    parameters_count: int
    input: Input
    dataset: Dataset | None = None
    artifacts: list[Artifact]
    notes: str = ""
