"""Everything the catalog holds, read once and passed around as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ibd_mobile.catalog import library
from ibd_mobile.core.device import Device, Phone, Slot
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job
from ibd_mobile.core.model import Artifact, Model
from ibd_mobile.core.study import Protocol, Study


@dataclass(frozen=True, slots=True)
class Stock:
    """All families of the catalog, each by id."""

    devices: Mapping[str, Device]
    phones: Mapping[str, Phone]
    protocols: Mapping[str, Protocol]
    studies: Mapping[str, Study]
    models: Mapping[str, Model]
    slots: Mapping[str, Slot]

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

    def artifact(self, job: Job) -> Artifact:
        """Return the artifact a job was planned with.

        Raises:
            InputError: the model's file has changed since.
        """
        model = self.models[job.model]
        for artifact in model.artifacts:
            if artifact.sha256 == job.artifact_sha256:
                return artifact
        raise InputError(
            f"model '{job.model}'",
            f"has no file with sha256 {job.artifact_sha256[:12]}… any more",
            "The run was planned with another version of the model; start a new run.",
        )

    def artifact_file(self, job: Job) -> Path:
        """Return where the file of a job's artifact lies on this computer."""
        return library.artifact_path(self.models[job.model], self.artifact(job))
