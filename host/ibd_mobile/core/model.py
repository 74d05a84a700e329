"""Networks, where their weights come from, and the files that hold them."""

from typing import Literal

from ibd_mobile.core.device import Noun, Precision

Application = Literal["classification", "detection", "super_resolution"]
TrainingFramework = Literal["tensorflow", "pytorch", "caffe2"]
DType = Literal["float32", "float16", "bfloat16", "int8", "uint8", "int32", "int64"]
Layout = Literal["NHWC", "NCHW"]
#: in which form trained weights, or an architecture built without them, come from their maker
SourceFormat = Literal[
    "keras",  # a Keras 3 archive
    "saved_model",  # TensorFlow's folder, in an archive
    "tf_frozen",  # a TensorFlow 1 GraphDef with its weights inside
    "pt2",  # a program of torch.export
    "state_dict",  # weights alone: the definition says which network they belong to
    "caffe2",  # two NetDefs, init and predict
    "onnx",
    "tflite",
]
#: in which form an inference framework reads a network
ArtifactFormat = Literal[
    "tflite",
    "onnx",
    "pt2",
    "dlc",  # SNPE
    "qnn_dlc",  # QAIRT; it has the ending of SNPE's and cannot take its place
    "qnn_library",  # QNN: a shared library per platform
    "om",  # HiAI
    "mace",  # MACE: graph and weights
    "keras",
    "caffe2",
]


class InputSizes(Noun, frozen=True, kw_only=True):
    """Heights (and widths) that a network can be built for, pixels."""

    least: int
    most: int
    step: int  #: sizes are least + k × step


class Input(Noun, frozen=True, kw_only=True):
    """What a network takes, and how a picture becomes it."""

    height: int
    width: int
    channels: int
    layout: Layout
    colour_order: Literal["RGB", "BGR", "Y"]
    mean: list[float]  #: (channels,), subtracted from values in 0…255
    scale: list[float]  #: (channels,), what is left is divided by it
    #: none: pictures have the size; stretch: the whole picture, whatever its shape;
    #: shorter_side: to `resize_px`, then the middle is cut out; central_crop: the middle
    #: `crop_ratio` of the picture, stretched
    resize: Literal["none", "stretch", "shorter_side", "central_crop"] = "none"
    resize_px: int = 0
    crop_ratio: float = 0.0
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    sizes: InputSizes | None = None  #: None: only its own

    def size_reason(self, input_size: int) -> str:
        """Say why a network cannot be built for an input size, or "".

        Args:
            input_size: height, pixels; 0 = its own.
        """
        sizes = self.sizes
        if input_size in (0, self.height):
            return ""
        if sizes is None:
            return f"its input is {self.height} px and nothing else"
        is_on_grid = (input_size - sizes.least) % sizes.step == 0
        if sizes.least <= input_size <= sizes.most and is_on_grid:
            return ""
        span = f"{sizes.least} … {sizes.most} px in steps of {sizes.step}"
        return f"its input can be {span}, not {input_size}"


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
    """Accuracy that a network or a file of it should reach, and who says so."""

    #: "top1", "top5", "map_coco", "map_voc", "map_voc07", "miou", "ssim" (shares of 1), "psnr_db"
    metric: str
    value: float
    n: int  #: samples; 0 where its source does not say
    low: float | None = None  #: ends of the 95 % interval, where they are known
    high: float | None = None
    #: id of the picture set that it was measured on; "": the model's own drawn set where it has
    #: one, else not known well enough to be subtracted from
    dataset: str = ""
    source: str


class Cost(Noun, frozen=True, kw_only=True):
    """What one sample costs, and who counted."""

    macs_count: int  #: multiply-adds; 0 where the source does not say
    parameters_count: int  #: 0 where the source does not say
    counter: str  #: program and version, and what it counts
    source: str = ""


class Companion(Noun, frozen=True, kw_only=True):
    """A further file of an artifact that does not fit into one."""

    role: str  #: "init", "weights" …
    file: str
    sha256: str
    size_bytes: int


class Artifact(Noun, frozen=True, kw_only=True):
    """One network in one format and precision, as an inference framework reads it."""

    file: str  #: beside the model's TOML, or in its folder of the cache
    sha256: str
    size_bytes: int
    companions: list[Companion] = []
    format: ArtifactFormat
    precision: Precision
    layout: Layout
    batch: int = 1  #: the leading dimension; -1 = set at run time
    inputs: list[Tensor]
    outputs: list[Tensor]
    cost: Cost  #: counted in this very file, or in the one it was made from
    reference: list[ReferenceAccuracy] = []
    is_untrained: bool = False
    made_by: str  #: the command and the versions that made it

    @property
    def input_size(self) -> int:
        """Height of its (first) input, pixels."""
        shape = self.inputs[0].shape
        return shape[1] if self.layout == "NHWC" else shape[2]


class SourceFile(Noun, frozen=True, kw_only=True):
    """A file that somebody published."""

    role: Literal["model", "init", "predict", "weights"]
    url: str  #: https:// or file://, or the plain name of a file beside the TOML
    sha256: str = ""  #: "" = pinned at the first fetch
    md5: str = ""  #: where nothing better is published
    size_bytes: int = 0  #: 0 where not published
    member: str = ""  #: path inside the archive that the URL gives; "" = the file itself


class Source(Noun, frozen=True, kw_only=True):
    """A trained network as it was published."""

    format: SourceFormat
    files: list[SourceFile]
    inputs: list[Tensor] = []  #: needed for graphs that do not tell (tf_frozen, caffe2)
    outputs: list[Tensor] = []
    licence: str
    origin: str  #: who says that the file is there, and its checksum


class Definition(Noun, frozen=True, kw_only=True):
    """An architecture that a library can build, with seeded random weights or with a state dict."""

    library: Literal["keras.applications", "pytorchcv", "ibd"]  #: ibd: our own small definitions
    name: str  #: the library's name of it
    options: dict[str, int | float | str] = {}


class Variant(Noun, frozen=True, kw_only=True):
    """A network as one training framework gives it."""

    training_framework: TrainingFramework
    input: Input
    outputs_count: int  #: classes, or channels of a picture
    #: which classes the outputs stand for, in order, by a name that picture sets have too.
    #: imagenet_1000: ILSVRC 2012 by WordNet id; imagenet_1001: the same after a background class;
    #: coco_91: COCO's ids, 0 the background; voc_21: VOC's by name, after the background; others:
    #: of a lab's own set; "": those of the model's data set, or none
    labels: str = ""
    licence: str
    source: Source | None = None  #: None: no trained weights are published, or none are known
    definition: Definition | None = None  #: None: cannot be built without its source
    reference: list[ReferenceAccuracy] = []  #: of the source, as published or measured
    artifacts: list[Artifact] = []  #: that travel with the package
    notes: str = ""


class AnchorLayer(Noun, frozen=True, kw_only=True):
    """Anchors of one feature map: each place (row by row) has all `boxes`, in that order."""

    rows: int
    columns: int
    boxes: list[list[float]]  #: (n, 2) height and width, as shares of the picture's


class BoxCoding(Noun, frozen=True, kw_only=True):
    """How a detector's raw outputs become boxes (Liu et al., SSD, 2016).

    One output is (batch, anchors, 4): y, x of the centre, height, width, coded against the anchor:
    centre = code / scale × anchor size + anchor centre; size = exp(code / scale) × anchor size.
    The other is (batch, anchors, classes): scores before softmax or sigmoid. Their order in a file
    means nothing, since converters change it: codes are what ends in 4. So a detector cannot have
    4 scores per anchor, background included, and is refused.

    Classes are counted without the background: with one, the score after it is class 0, the first
    of the data set's labels; without one, the first score is.
    """

    anchors: list[AnchorLayer]
    scale: list[float]  #: (4,) y, x, height, width
    scores: Literal["softmax", "sigmoid"]
    has_background: bool  #: the first score is «nothing there»
    least_score_ratio: float  #: boxes below are dropped
    overlap_ratio: float  #: of two boxes of a class with more overlap (IoU), the weaker is dropped
    boxes_count: int  #: at most so many boxes per picture


class Dataset(Noun, frozen=True, kw_only=True):
    """Labelled inputs: drawn by a seeded generator of this package, or pictures of the lab."""

    id: str
    generator: str = ""  #: path of the generator under models/, without .py; "": pictures
    seed: int = 0  #: of the generator
    pictures: str = ""  #: id of the picture set whose first `count` these are; "": drawn
    count: int
    labels: list[str]  #: names of the classes; empty for pictures as truth
    #: of all pictures, in order. drawn: of their bytes (count, height, width, channels) uint8;
    #: pictures: of the SHA-256 digests of their files, 32 bytes each
    images_sha256: str
    #: of the truth's bytes, in order. classification: (count,) class, uint8, or uint16 where there
    #: are more than 256; detection: (boxes, 6) or (boxes, 7) float32 picture, class, y0, x0, y1, x1
    #: as shares of the picture, and 1 where the box is to be ignored; super_resolution:
    #: (count, height, width, channels) uint8. "": pictures as truth, not read yet
    truth_sha256: str


class Model(Noun, frozen=True, kw_only=True):
    """A network of one application, independent of who trained it and of the file that holds it."""

    schema: Literal[2]
    id: str
    name: str
    application: Application
    published: list[Cost] = []  #: what others counted, with the source
    boxes: BoxCoding | None = None  #: of detectors
    #: of super-resolution: how many times smaller a picture of the lab is made, and as large again
    enlargement_ratio: int = 0
    border_px: int = 0  #: of super-resolution: left out on each side when pictures are compared
    dataset: Dataset | None = None
    variants: list[Variant]
    notes: str = ""

    def variant(self, training_framework: str) -> Variant | None:
        """Return what that training framework gives, or None."""
        return next((v for v in self.variants if v.training_framework == training_framework), None)
