"""One step to be done, with everything that its outcome depends on."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from ibd_mobile.convert.samples import Batch
from ibd_mobile.convert.steps.step import Request
from ibd_mobile.core.device import Precision
from ibd_mobile.core.model import ArtifactFormat, Cost, TrainingFramework

#: endings that differ from the format's name
_ENDINGS: Final = {
    "caffe2": "_init.pb",
    "mace": ".pb",
    "qnn_dlc": ".dlc",
    "qnn_library": ".so",
}


def unknown_cost() -> Cost | None:
    """Say that nobody knows what the source costs."""
    return None


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose network it is."""

    model: str
    training_framework: TrainingFramework
    is_untrained: bool


@dataclass(frozen=True, slots=True)
class Task:
    """One step to be done; everything that its outcome depends on."""

    origin: Origin
    step: str  #: name of its file in `steps/`
    source: Mapping[str, Path]  #: role -> file; empty for a builder without weights
    parent: str  #: key of the stage that made the source; "" if none did
    format: ArtifactFormat  #: of what is made
    precision: Precision
    batch: int
    input_shape: tuple[int, ...]  #: of one sample, in the source's layout
    samples: Batch | None  #: for the comparison; None: nothing to compare with
    calibration: Batch | None  #: for a quantizer
    options: Mapping[str, Any] = field(default_factory=dict)
    is_vendors: bool = False  #: done by a converter of `vendor/`
    #: asks what the file that is converted costs, only where the made one cannot be counted
    source_cost: Callable[[], Cost | None] = unknown_cost
    source_said: Path | None = None  #: what the source says to the samples; for vendors

    @property
    def subject(self) -> str:
        """What errors and progress call it."""
        name = f"{self.origin.model} ({self.origin.training_framework})"
        return f"{name} → {self.precision} {self.format}, step {self.step}"

    @property
    def file(self) -> str:
        """Name of the file to be made; its ending tells the format."""
        size = max(self.input_shape[-2:]) if self.input_shape[0] <= 4 else self.input_shape[0]
        batch = "" if self.batch == -1 else f"_b{self.batch}"
        name = f"{self.origin.model}_{self.origin.training_framework}_{size}px{batch}"
        if self.origin.is_untrained:
            name += "_untrained"
        return f"{name}_{self.precision}{_ENDINGS.get(self.format, f'.{self.format}')}"

    def key(self, source_sha256: Mapping[str, str], program_sha256: str) -> str:
        """Hash everything that the made files depend on.

        Args:
            source_sha256: of the source's files, by role.
            program_sha256: of the step's program.
        """
        facts = {
            "schema": 1,
            "origin": [self.origin.model, self.origin.training_framework, self.origin.is_untrained],
            "step": self.step,
            "step_sha256": program_sha256,
            "source": dict(source_sha256),
            "format": self.format,
            "precision": self.precision,
            "batch": self.batch,
            "input_shape": list(self.input_shape),
            "options": dict(self.options),
            "calibration": self.calibration.sha256 if self.calibration else "",
            "samples": self.samples.sha256 if self.samples else "",
        }
        return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()

    def request(self, folder: Path) -> Request:
        """Lay the task out in an empty folder, as its program reads it."""

        def saved(name: str, batch: Batch | None) -> str:
            if batch is None:
                return ""
            np.save(folder / name, batch.values)
            return str(folder / name)

        options = dict(self.options)
        if self.is_vendors and self.source_said is not None:
            options["source_outputs"] = str(self.source_said)
        return Request(
            source={role: str(path) for role, path in self.source.items()},
            folder=str(folder),
            file=self.file,
            precision=self.precision,
            batch=self.batch,
            input_shape=list(self.input_shape),
            calibration=saved("calibration.npy", self.calibration),
            samples=saved("samples.npy", self.samples),
            options=options,
        )
