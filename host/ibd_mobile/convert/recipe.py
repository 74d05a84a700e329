"""What is to be made, and from what: the nouns of a conversion."""

from typing import Literal

from ibd_mobile.core.device import Noun, Precision
from ibd_mobile.core.model import (
    Artifact,
    ArtifactFormat,
    Companion,
    Cost,
    Layout,
    ReferenceAccuracy,
    Tensor,
    TrainingFramework,
)


class Wish(Noun, frozen=True, kw_only=True):
    """A file that somebody wants of a network."""

    format: ArtifactFormat
    precision: Precision = "float32"
    batch: int = -1  #: leading dimension; -1 = left open where the step can do that
    input_size: int = 0  #: height, pixels; 0 = the network's own
    is_untrained: bool = False


class Likeness(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """How far one output of a made network is from its source's, on the same inputs."""

    output: str
    samples_count: int
    max_abs: float  #: largest difference, in the output's own unit
    max_rel: float  #: the same, as a share of the largest magnitude in the source
    noise_ratio: float  #: RMS of the difference over the RMS of what the inputs change
    cosine: float  #: least over the samples
    top1_agreement_ratio: float | None  #: of samples that the source decides clearly; None: none


class Stage(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One step of a conversion as it was done: what `artifact.json` holds."""

    schema: Literal[1]
    key: str  #: hash of everything that the files depend on
    model: str
    training_framework: TrainingFramework
    is_untrained: bool
    step: str  #: name of the step's file
    step_sha256: str
    parent: str  #: key of the stage that made its source; "" at the beginning
    source_sha256: dict[str, str]  #: role -> SHA-256 of what went in
    format: ArtifactFormat
    precision: Precision
    layout: Layout
    batch: int
    options: dict[str, str]
    calibration_sha256: str  #: of the calibration inputs; "" where none were used
    calibration: str  #: what they are, for people
    tools: dict[str, str]  #: name -> version
    wall_s: float
    peak_bytes: int
    made_at: str  #: UTC, ISO 8601
    likeness: list[Likeness]  #: empty for what has no source to compare with
    notes: list[str]
    file: str
    sha256: str
    size_bytes: int
    companions: list[Companion]
    inputs: list[Tensor]
    outputs: list[Tensor]
    cost: Cost

    def artifact(self, reference: list[ReferenceAccuracy]) -> Artifact:
        """Describe what was made as the catalog describes files.

        Args:
            reference: accuracy that this very file should reach; often not known.
        """
        tools = ", ".join(f"{name} {version}" for name, version in self.tools.items())
        return Artifact(
            file=self.file,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            companions=self.companions,
            format=self.format,
            precision=self.precision,
            layout=self.layout,
            batch=self.batch,
            inputs=self.inputs,
            outputs=self.outputs,
            cost=self.cost,
            reference=reference,
            is_untrained=self.is_untrained,
            made_by=f"ibd-mobile models convert, step {self.step} ({tools}), stage {self.key[:12]}",
        )
