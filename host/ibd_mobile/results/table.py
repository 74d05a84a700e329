"""Records as rows of the paper's six metrics, ready to be shown in any form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ibd_mobile.core.device import Noun
from ibd_mobile.core.finding import Finding, FindingId
from ibd_mobile.core.job import Job
from ibd_mobile.core.metric import GROUPS, Group, Metric
from ibd_mobile.core.model import Application
from ibd_mobile.core.record import Hardware, Record
from ibd_mobile.core.study import JobKind
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.figure import figure

GROUP_TITLES: dict[Group, str] = {
    "accuracy": "Accuracy",
    "latency": "Latency",
    "throughput": "Throughput",
    "power": "Power",
    "energy_efficiency": "Energy efficiency",
    "utilization": "Utilization",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A metric that every table shows."""

    name: str
    group: Group
    label: str  #: within its group


_ACCURACY: dict[Application, tuple[Column, ...]] = {
    "classification": (
        Column("top1_ratio", "accuracy", "top-1"),
        Column("top5_ratio", "accuracy", "top-5"),
        Column("top1_loss_ratio", "accuracy", "top-1 loss"),
    ),
    "detection": (
        Column("map_coco_ratio", "accuracy", "mAP COCO"),
        Column("map_voc_ratio", "accuracy", "mAP VOC"),
        Column("miou_ratio", "accuracy", "mIoU"),
        Column("map_coco_loss_ratio", "accuracy", "mAP loss"),
    ),
    "super_resolution": (
        Column("psnr_y_db", "accuracy", "PSNR of Y"),
        Column("ssim_ratio", "accuracy", "SSIM"),
        Column("psnr_y_loss_db", "accuracy", "PSNR loss"),
    ),
}
_OTHERS = (
    Column("latency_s", "latency", "per sample"),
    Column("execution_s", "latency", "per batch"),
    Column("throughput_per_s", "throughput", "samples"),
    Column("power_gross_w", "power", "gross"),
    Column("power_net_w", "power", "net of idle"),
    Column("samples_per_j", "energy_efficiency", "samples"),
    Column("ops_per_j", "energy_efficiency", "operations"),
    Column("utilization_ratio", "utilization", "of peak"),
)

#: all that any table shows
COLUMNS = (*(column for own in _ACCURACY.values() for column in own), *_OTHERS)

_HEADLINES = (
    ("top1_ratio", "top-1 {}"),
    ("top5_ratio", "top-5 {}"),
    ("map_coco_ratio", "mAP (COCO) {}"),
    ("psnr_y_db", "PSNR {}"),
    ("latency_s", "{} per sample"),
    ("throughput_per_s", "{}"),
    ("power_gross_w", "{}"),
    ("samples_per_j", "{}"),
)


def columns(application: Application) -> tuple[Column, ...]:
    """Return what tables show of each group; the rest is in JSON and CSV."""
    return (*_ACCURACY[application], *_OTHERS)


class Row(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One measurement of a configuration with its six metrics, out of the jobs that made it."""

    job: Job  #: the measuring one, or what is there
    repetition: int  #: 1 …; 0 where the plan has the configuration measured once
    job_ids: dict[JobKind, str]  #: done ones
    hardware: Hardware
    is_conforming: bool
    is_simulated: bool
    metrics: list[Metric]  #: by group in the paper's order; each of `columns` is there
    findings: list[Finding]
    application: Application

    @property
    def columns(self) -> tuple[Column, ...]:
        """What tables show of it."""
        return columns(self.application)

    def metric(self, name: str) -> Metric:
        """Return one metric by its name; each of `columns` can be asked for."""
        return next(metric for metric in self.metrics if metric.name == name)


def rows(
    records: Iterable[Record], jobs: Iterable[Job] = (), failures: Sequence[Failure] = ()
) -> list[Row]:
    """Join what a measuring and an accuracy job tell of the same configuration.

    Each repetition is a row, beside the others; the accuracy is that of all.

    Args:
        records: in the order of the rows to be.
        jobs: the plan, so that a number whose job failed or is still to be run says so.
        failures: of that plan.
    """
    known, plan = list(records), list(jobs)
    asked = _Plan([*plan, *(record.job for record in known)], plan, failures)
    groups: dict[tuple[object, ...], dict[JobKind, list[Record]]] = {}
    for record in known:
        key = (configuration(record.job), record.hardware.serial)
        groups.setdefault(key, {"measure": [], "accuracy": []})[record.job.kind].append(record)
    found = []
    for group in groups.values():
        measured = sorted(group["measure"], key=lambda record: record.job.seed)
        accuracy = group["accuracy"]
        told: dict[JobKind, Record] = {"accuracy": accuracy[0]} if accuracy else {}
        found += [_row({"measure": record, **told}, asked) for record in measured]
        alone = accuracy[1:] if measured else accuracy
        found += [_row({"accuracy": record}, asked) for record in alone]
    return found


def headline(record: Record) -> str:
    """Say in one line what a job found: "0.720 ± 0.015 ms per sample, 3.31 ± 0.06 W (SIMULATED)".

    The ids of findings that spoil one of these numbers follow in brackets.
    """
    metrics = {metric.name: metric for metric in record.metrics}
    shown = [(metrics[name], form) for name, form in _HEADLINES if name in metrics]
    found = [(metric, form) for metric, form in shown if metric.value is not None]
    ids = list(dict.fromkeys(id for metric, _ in found for id in metric.spoiled_by))
    told = ", ".join(form.format(figure(metric)) for metric, form in found)
    return (told or "no number") + (f" ({', '.join(ids)})" if ids else "")


def configuration(job: Job) -> tuple[object, ...]:
    """Return all of a job that its repetitions, and its accuracy, have in common."""
    return (*_function(job), job.artifact_sha256, job.batch)


def _function(job: Job) -> tuple[object, ...]:
    """Return what of a job its accuracy hangs on, batch and the file made for it left out."""
    return (
        job.device, job.slot, job.model, job.training_framework, job.input_size, job.precision,
        job.framework, job.processor, job.threads, job.protocol,
    )  # fmt: skip


class _Plan:
    """What was to be measured, and what came of it."""

    def __init__(
        self, known: Sequence[Job], planned: Sequence[Job], failures: Sequence[Failure]
    ) -> None:
        self._reasons = {f.job_id: f"{f.subject}: {f.problem}" for f in failures}
        self._jobs: dict[tuple[tuple[object, ...], JobKind], Job] = {}
        for job in planned:
            self._jobs.setdefault((configuration(job), job.kind), job)
        self._seeds: dict[tuple[object, ...], set[int]] = {}
        self._judged: dict[tuple[object, ...], Job] = {}
        for job in known:
            if job.kind == "measure":
                self._seeds.setdefault(configuration(job), set()).add(job.seed)
            else:
                self._judged.setdefault(_function(job), job)

    def repetition(self, job: Job) -> int:
        """Return the place of a measuring job among its repetitions, 1 …; 0 if it is the only."""
        seeds = sorted(self._seeds.get(configuration(job), ()))
        return seeds.index(job.seed) + 1 if job.kind == "measure" and len(seeds) > 1 else 0

    def absence(self, job: Job, kind: JobKind) -> str:
        """Say why no job of that kind told anything of a job's configuration, or ""."""
        planned = self._jobs.get((configuration(job), kind))
        if planned is not None:
            reason = self._reasons.get(planned.id)
            fact = f"failed: {reason}" if reason is not None else "has not been run"
            return f"the {kind} job {planned.id} {fact}"
        elsewhere = self._judged.get(_function(job))
        if kind == "accuracy" and elsewhere is not None:
            return f"it is told sample by sample: see batch {elsewhere.batch}"
        return ""


def _row(pair: dict[JobKind, Record], asked: _Plan) -> Row:
    main = pair.get("measure") or pair["accuracy"]
    kinds: tuple[JobKind, ...] = ("measure", "accuracy")
    absent = {k: asked.absence(main.job, k) for k in kinds if k not in pair}
    findings = [finding for record in pair.values() for finding in record.findings]
    return Row(
        job=main.job,
        repetition=asked.repetition(main.job),
        job_ids={kind: record.job_id for kind, record in pair.items()},
        hardware=main.hardware,
        is_conforming=all(record.conditions.is_conforming for record in pair.values()),
        is_simulated=any(finding.id == "SIMULATED" for finding in findings),
        metrics=[
            _marked_if_lost(_metric(name, group, pair, absent), findings)
            for name, group in _names(pair)
        ],
        findings=[f for number, f in enumerate(findings) if f not in findings[:number]],
        application=main.workload.application,
    )


def _marked_if_lost(metric: Metric, findings: Sequence[Finding]) -> Metric:
    """Mark the speed of an answer that is wrong, though another job measured it."""
    lost: FindingId = "ACCURACY-LOST"
    is_lost = any(finding.id == lost for finding in findings)
    if not is_lost or metric.value is None or lost in metric.spoiled_by:
        return metric
    return msgspec.structs.replace(metric, spoiled_by=[*metric.spoiled_by, lost])


def _names(pair: dict[JobKind, Record]) -> list[tuple[str, Group]]:
    application = next(iter(pair.values())).workload.application
    names: dict[str, Group] = {column.name: column.group for column in columns(application)}
    for record in pair.values():
        names.update({metric.name: metric.group for metric in record.metrics})
    return sorted(names.items(), key=lambda entry: GROUPS.index(entry[1]))


def _metric(
    name: str, group: Group, pair: dict[JobKind, Record], absent: dict[JobKind, str]
) -> Metric:
    """Take a metric from the job whose business it is, or else from the other, or say why not."""
    home: JobKind = "accuracy" if group == "accuracy" else "measure"
    other: JobKind = "measure" if home == "accuracy" else "accuracy"
    found = {
        kind: metric
        for kind, record in pair.items()
        for metric in record.metrics
        if metric.name == name
    }
    for kind in (home, other):
        if kind in found and found[kind].value is not None:
            return found[kind]
    reason = absent.get(home, "")
    if not reason and (home in found or other in found):
        return found.get(home) or found[other]
    sample = found.get(other)
    return Metric(
        name=name,
        group=group,
        unit=sample.unit if sample else "",
        value=None,
        better=sample.better if sample else "",
        missing=reason or "the record does not have it",
    )
