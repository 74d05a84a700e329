"""From a study to its jobs: the product of the axes, less what cannot be run, in a fair order.

What comes later is measured on a warmer machine with an emptier battery. So the values under study
follow each other closely, and every second repetition goes through the cells backwards (A B C, then
C B A): what grows evenly with the place in the order is then the same in the mean of each cell.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ibd_mobile.bench.target import Target
from ibd_mobile.core.device import Precision
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job, Skip
from ibd_mobile.core.model import Artifact, Model, Variant
from ibd_mobile.core.registry import member, unknown
from ibd_mobile.core.study import AXES, JobKind, Study, Weights

#: accuracy is measured once, when nothing timed is left: between timed jobs it would be a load that
#: some of them have before them and others have not
_TIMED_FIRST: tuple[JobKind, ...] = ("measure", "accuracy")


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
    precision: Precision
    framework: str
    processor: str
    threads: int
    batch: int
    input_size: int  #: pixels; 0 = the network's own
    weights: Weights

    @property
    def variant(self) -> Variant | None:
        """The network as the cell's training framework gives it, or None."""
        return self.model.variant(self.training_framework)

    @property
    def artifact(self) -> Artifact | None:
        """The file that the cell would run, or None where there is none yet."""
        formats = member("ibd_mobile.frameworks", self.framework).formats
        found = [
            a
            for a in (self.variant.artifacts if self.variant else [])
            if a.precision == self.precision
            and a.format in formats
            and a.batch in (-1, self.batch)
            and a.is_untrained == (self.weights == "untrained")
            and a.input_size == self.input_height
        ]
        # a batch that is fixed in the file is what accelerators like best
        return max(found, key=lambda a: a.batch, default=None)

    def for_kind(self, kind: JobKind) -> "Cell":
        """Return the cell as a job of that kind runs it: accuracy is told sample by sample."""
        return replace(self, batch=1) if kind == "accuracy" else self

    @property
    def wanted(self) -> str:
        """What file the cell wants, in words that are the same for all cells that want it."""
        size = f"{self.input_height} px, batch {self.batch}"
        return (
            f"{self.weights} {self.model.id} {self.precision} ({self.training_framework}) for"
            f" {self.framework}, {size}"
        )

    @property
    def input_height(self) -> int:
        """Height of the input, pixels; 0 where the model is not given by the framework."""
        return self.input_size or (self.variant.input.height if self.variant else 0)

    def __str__(self) -> str:
        return (
            f"{self.model.id} {self.precision} ({self.training_framework}) on"
            f" {self.target.slot.id}: {self.framework}/{self.processor} ×{self.threads}"
            f" batch {self.batch}" + (f" {self.input_size} px" if self.input_size else "")
        )


def plan(
    study: Study,
    targets: Sequence[Target],
    models: Mapping[str, Model],
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Lay out a study over the machines at hand.

    Args:
        study: its axes.
        targets: the machines.
        models: by id, with the files that there are.
        reasons: by `Cell.wanted`, why a file could not be made.

    Raises:
        InputError: a name in the study is not known, or no cell can be run at all.
    """
    result = Plan()
    product = list(cells(study, targets, models))
    for target in targets:
        own = [cell for cell in product if cell.target is target]
        for kind in sorted(study.kinds, key=_TIMED_FIRST.index):
            for repetition in range(study.repeats if kind == "measure" else 1):
                for cell in own if repetition % 2 == 0 else reversed(own):
                    _add(result, cell.for_kind(kind), kind, study, repetition, reasons)
    if not result.jobs:
        told = "; ".join(sorted({s.reason for s in result.skips})) or "its axes are empty"
        raise InputError(f"study '{study.id}'", f"no job can be run here: {told}")
    return result


def _add(
    result: Plan,
    cell: Cell,
    kind: JobKind,
    study: Study,
    repetition: int,
    reasons: Mapping[str, str],
) -> None:
    artifact = cell.artifact
    untold = no_accuracy_reason(cell) if kind == "accuracy" else ""
    reason = impossible_reason(cell) or reasons.get(cell.wanted) or _missing_reason(cell)
    skip = Skip(cell=f"accuracy of {cell}" if untold else str(cell), reason=untold or reason)
    if artifact is None or skip.reason:
        if skip not in result.skips:  # accuracy does not depend on the batch
            result.skips.append(skip)
        return
    job = _job(cell, artifact, kind, study, repetition)
    if job not in result.jobs:
        result.jobs.append(job)


def no_accuracy_reason(cell: Cell) -> str:
    """Say why there is no accuracy to be measured, or ""."""
    if cell.weights == "untrained":
        return "untrained"
    return "no data set; --pictures can name one" if cell.model.dataset is None else ""


def cells(study: Study, targets: Sequence[Target], models: Mapping[str, Model]) -> Iterator[Cell]:
    """Yield every point of a study's product; the variable under study changes fastest.

    Raises:
        InputError: a model is not known.
    """
    for name in study.models:
        if name not in models:
            raise unknown("model", name, models)
    axes: dict[str, Sequence[Any]] = {v: getattr(study, key) for v, key in AXES.items()}
    axes["model"] = [models[m] for m in study.models]
    axes["input_size"] = study.input_sizes or [0]
    names = sorted(axes, key=lambda name: name == study.variable)
    for target in targets:
        for point in itertools.product(*(axes[name] for name in names)):
            values = dict(zip(names, point, strict=True))
            yield Cell(target=target, weights=study.weights, **values)


def impossible_reason(cell: Cell) -> str:
    """Say why a cell could not be run whatever files there were, or ""."""
    target = cell.target
    processor = target.device.processor(cell.processor)
    if processor is None:
        return f"{target.device.name} has no {cell.processor}"
    if cell.framework not in processor.accelerators:
        return f"{cell.framework} cannot use the {cell.processor} of {target.device.name}"
    if cell.variant is None:
        return f"{cell.model.id} is not to be had from {cell.training_framework}"
    if reason := cell.variant.input.size_reason(cell.input_size):
        return reason
    framework = member("ibd_mobile.frameworks", cell.framework)
    return str(framework.missing_reason(target.identity.platform, target.device.deployment))


def _missing_reason(cell: Cell) -> str:
    if cell.artifact is not None:
        return ""
    weights = "untrained " if cell.weights == "untrained" else ""
    return (
        f"{cell.model.id} has no {weights}{cell.precision} file from {cell.training_framework}"
        f" that {cell.framework} can read"
    )


def _job(cell: Cell, artifact: Artifact, kind: JobKind, study: Study, repetition: int) -> Job:
    return Job(
        kind=kind,
        device=cell.target.device.id,
        slot=cell.target.slot.id,
        model=cell.model.id,
        training_framework=cell.training_framework,
        input_size=artifact.input_size,
        artifact_sha256=artifact.sha256,
        precision=artifact.precision,
        framework=cell.framework,
        processor=cell.processor,
        threads=cell.threads,
        batch=cell.batch,
        protocol=study.protocol,
        seed=study.seed + repetition,
    )
