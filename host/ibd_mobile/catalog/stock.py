"""Everything the catalog holds, read once and passed around as one value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import msgspec

from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import Pictures
from ibd_mobile.core.device import Device, Phone, Slot
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job
from ibd_mobile.core.model import Artifact, Model
from ibd_mobile.core.study import Protocol, Study


@dataclass(frozen=True, slots=True)
class Converted:
    """An artifact that was made on this computer, and where it lies."""

    model: str
    training_framework: str
    artifact: Artifact
    folder: Path


@dataclass(frozen=True, slots=True)
class Stock:
    """All families of the catalog, each by id."""

    devices: Mapping[str, Device]
    phones: Mapping[str, Phone]
    protocols: Mapping[str, Protocol]
    studies: Mapping[str, Study]
    models: Mapping[str, Model]
    slots: Mapping[str, Slot]
    folders: Mapping[str, Path] = field(default_factory=dict)  #: of converted files, by SHA-256
    #: of data sets that lie on the lab's disk, by their id
    pictures: Mapping[str, Pictures] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Self:
        """Read all files, the package's and the lab's.

        Raises:
            InputError: one is broken; it is named.
        """
        return cls(
            devices=library.devices(),
            phones=library.phones(),
            protocols=library.protocols(),
            studies=library.studies(),
            models=library.models(),
            slots=library.slots(),
        )

    def with_converted(self, made: Iterable[Converted]) -> "Stock":
        """Return a stock that also has these artifacts; one that is there already stays."""
        models, folders = dict(self.models), dict(self.folders)
        for one in made:
            model = models.get(one.model)
            variant = model.variant(one.training_framework) if model is not None else None
            if model is None or variant is None:
                continue  # of a model that the catalog has no more
            if any(a.sha256 == one.artifact.sha256 for a in variant.artifacts):
                continue
            grown = msgspec.structs.replace(variant, artifacts=[*variant.artifacts, one.artifact])
            variants = [grown if v is variant else v for v in model.variants]
            models[model.id] = msgspec.structs.replace(model, variants=variants)
            folders[one.artifact.sha256] = one.folder
        return replace(self, models=models, folders=folders)

    def artifact(self, job: Job) -> Artifact:
        """Return the artifact a job was planned with.

        Raises:
            InputError: the model's file has changed since.
        """
        model = self.models[job.model]
        for variant in model.variants:
            for artifact in variant.artifacts:
                if artifact.sha256 == job.artifact_sha256:
                    return artifact
        raise InputError(
            f"model '{job.model}'",
            f"has no file with sha256 {job.artifact_sha256[:12]}… any more",
            "The run was planned with another version of the model; start a new run.",
        )

    def artifact_folder(self, job: Job) -> Path:
        """Return the folder in which the files of a job's artifact lie."""
        artifact = self.artifact(job)
        return self.folders.get(artifact.sha256) or library.model_folder(self.models[job.model])

    def artifact_file(self, job: Job) -> Path:
        """Return where the (first) file of a job's artifact lies on this computer."""
        return self.artifact_folder(job) / self.artifact(job).file
