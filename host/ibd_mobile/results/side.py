"""One configuration of one run, with all that was measured of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from ibd_mobile.core.metric import Group, Metric
from ibd_mobile.core.record import Record
from ibd_mobile.core.study import JobKind
from ibd_mobile.results.key import FIELDS, key_of
from ibd_mobile.results.stats import Interval

#: which job measures a group
HOME: dict[Group, JobKind] = {
    group: "accuracy" if group == "accuracy" else "measure" for group in get_args(Group)
}
#: what a measuring and an accuracy job of one configuration differ in
_OF_THE_JOB = ("kind", "sampler_rate")


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of a comparison."""

    run: str
    records: Mapping[JobKind, Record]

    @property
    def main(self) -> Record:
        """The measuring record, or what is there."""
        return self.records.get("measure") or self.records["accuracy"]

    def metrics(self, group: Group) -> dict[str, Metric]:
        """Return the metrics of a group, by name, from the job whose business they are."""
        record = self.records.get(HOME[group])
        return {m.name: m for m in record.metrics if m.group == group} if record else {}

    def metric(self, name: str, group: Group) -> Metric:
        """Return one metric, or the reason why it is not there."""
        if found := self.metrics(group).get(name):
            return found
        missing = f"the record of no {HOME[group]} job has it"
        return Metric(name=name, group=group, unit="", value=None, missing=missing)

    @property
    def is_accuracy_known(self) -> bool:
        """Whether anything tells that the network's answers are right."""
        return any(metric.value is not None for metric in self.metrics("accuracy").values())


def sides(run: str, records: Iterable[Record]) -> list[Side]:
    """Join records of one configuration, each repetition on its own.

    The accuracy of a configuration is that of all its repetitions.
    """
    measured: dict[tuple[str, ...], list[Record]] = {}
    accuracy: dict[tuple[str, ...], Record] = {}
    for record in records:
        key = _configuration(record)
        if record.job.kind == "accuracy":
            accuracy.setdefault(key, record)
        else:
            measured.setdefault(key, []).append(record)
    found = []
    for key in dict.fromkeys([*measured, *accuracy]):
        other: dict[JobKind, Record] = {"accuracy": accuracy[key]} if key in accuracy else {}
        repeated = [Side(run, {"measure": record, **other}) for record in measured.get(key, [])]
        found += repeated or [Side(run, other)]
    return found


def interval_of(metric: Metric) -> Interval:
    """Return the number of a metric that has one."""
    if metric.value is None:
        raise ValueError(f"{metric.name} has no number: {metric.missing}")
    return Interval(metric.value, metric.low, metric.high, metric.n, metric.interval_method)


def _configuration(record: Record) -> tuple[str, ...]:
    key = key_of(record)
    return tuple(key[field.name] for field in FIELDS if field.name not in _OF_THE_JOB)
