"""From a study to its jobs: the product of the axes, less what cannot be run."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ibd_mobile.bench.target import Target
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job, Skip
from ibd_mobile.core.model import Artifact, Model
from ibd_mobile.core.registry import member, unknown
from ibd_mobile.core.study import Study


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells of a study: those to be run, in order, and those that cannot be, with reasons."""

    jobs: list[Job] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the product, before it is known whether it can be run."""

    target: Target
    model: Model
    training_framework: str
    precision: str
    framework: str
    processor: str
    threads: int
    batch: int

    def __str__(self) -> str:
        return (
            f"{self.model.id} {self.precision} ({self.training_framework}) on"
            f" {self.target.slot.id}: {self.framework}/{self.processor} ×{self.threads}"
            f" batch {self.batch}"
        )


def plan(study: Study, targets: Sequence[Target], models: Mapping[str, Model]) -> Plan:
    """Lay out a study over the machines at hand.

    Raises:
        InputError: a name in the study is not known, or no cell can be run at all.
    """
    result = Plan()
    for cell in _cells(study, targets, models):
        artifact = _artifact(cell)
        reason = _reason_to_skip(cell, artifact)
        if reason or artifact is None:
            result.skips.append(Skip(cell=str(cell), reason=reason))
            continue
        for kind in study.kinds:
            if kind == "accuracy" and (cell.model.dataset is None or artifact.is_untrained):
                why = "untrained" if artifact.is_untrained else "no data set"
                result.skips.append(Skip(cell=f"accuracy of {cell}", reason=why))
                continue
            job = _job(cell, artifact, kind, study)
            if job not in result.jobs:  # accuracy does not depend on the batch
                result.jobs.append(job)
    if not result.jobs:
        reasons = "; ".join(sorted({s.reason for s in result.skips})) or "its axes are empty"
        raise InputError(f"study '{study.id}'", f"no job can be run here: {reasons}")
    return result


def _cells(study: Study, targets: Sequence[Target], models: Mapping[str, Model]) -> Iterator[Cell]:
    for name in study.models:
        if name not in models:
            raise unknown("model", name, models)
    axes = itertools.product(
        targets,
        [models[m] for m in study.models],
        study.training_frameworks,
        study.precisions,
        study.frameworks,
        study.processors,
        study.threads,
        study.batches,
    )
    for point in axes:
        yield Cell(*point)


def _artifact(cell: Cell) -> Artifact | None:
    formats = member("ibd_mobile.frameworks", cell.framework).formats
    return next(
        (
            a
            for a in cell.model.artifacts
            if a.training_framework == cell.training_framework
            and a.precision == cell.precision
            and a.format in formats
        ),
        None,
    )


def _reason_to_skip(cell: Cell, artifact: Artifact | None) -> str:
    target = cell.target
    processor = target.device.processor(cell.processor)
    if processor is None:
        return f"{target.device.name} has no {cell.processor}"
    if cell.framework not in processor.accelerators:
        return f"{cell.framework} cannot use the {cell.processor} of {target.device.name}"
    if artifact is None:
        return (
            f"{cell.model.id} has no {cell.precision} file from {cell.training_framework}"
            f" that {cell.framework} can read"
        )
    if artifact.batch not in (-1, cell.batch):
        return f"the file has a fixed batch of {artifact.batch}"
    framework = member("ibd_mobile.frameworks", cell.framework)
    return str(framework.missing_reason(target.identity.platform, target.device.deployment))


def _job(cell: Cell, artifact: Artifact, kind: str, study: Study) -> Job:
    return Job(
        kind="accuracy" if kind == "accuracy" else "measure",
        device=cell.target.device.id,
        slot=cell.target.slot.id,
        model=cell.model.id,
        training_framework=cell.training_framework,
        artifact_sha256=artifact.sha256,
        precision=artifact.precision,
        framework=cell.framework,
        processor=cell.processor,
        threads=cell.threads,
        batch=1 if kind == "accuracy" else cell.batch,
        protocol=study.protocol,
        seed=study.seed,
    )
