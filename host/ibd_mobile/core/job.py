"""One cell of a study, and what the plan says of cells that cannot be run."""

import hashlib

import msgspec

from ibd_mobile.core.device import Noun, Precision
from ibd_mobile.core.study import JobKind


class Job(Noun, frozen=True, kw_only=True):
    """One execution: one artifact under one framework on one processor of one slot."""

    kind: JobKind
    device: str
    slot: str
    model: str
    training_framework: str
    input_size: int  #: height of the input, pixels
    artifact_sha256: str
    precision: Precision
    framework: str
    processor: str
    threads: int
    batch: int
    protocol: str
    seed: int

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that stay the same as long as the content does."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:12]

    @property
    def title(self) -> str:
        """Say what this job is, in one short phrase for people."""
        batch = f" batch {self.batch}" if self.batch != 1 else ""
        return (
            f"{self.model} {self.precision} ({self.training_framework}, {self.input_size} px)"
            f" on {self.framework}/{self.processor} ×{self.threads}{batch} ({self.kind})"
        )


class Skip(Noun, frozen=True, kw_only=True):
    """A cell that the plan leaves out, with the reason."""

    cell: str
    reason: str
