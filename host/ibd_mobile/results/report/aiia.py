"""A report in the form of the AIIA DNN benchmark's cloud rules (README of 2020-04-02).

Their figures and units: latency in ms per batch, inference only; throughput as batch by latency;
mean power during inference; efficiency as frames per second and watt. Where a run leaves their
rules, it says so: their data set, their four models, their batches.
"""

from collections.abc import Iterator, Sequence

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.core.units import MS_PER_S
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo

MODELS = ("vgg16", "resnet50", "resnet152", "mobilenet_v1")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_HEAD = "batch    latency ms    throughput fps    power W    efficiency fps/W    findings"


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Write a block for each network on each processor under each framework."""
    blocks = ["\n".join(_block(key, found)) for key, found in _grouped(records).items()]
    title = (
        f"AIIA DNN benchmark, cloud rules of 2020-04-02: their form, measured by ibd-mobile"
        f" {run.tool_version}, run {run.id}\nNot submitted to AIIA, and not checked by them."
    )
    failed = [f"not measured: {f.subject}: {f.problem}" for f in failures]
    return "\n\n".join([title, *blocks, *(["\n".join(failed)] if failed else [])]) + "\n"


_Key = tuple[str, ...]


def _grouped(records: Sequence[Record]) -> dict[_Key, list[Record]]:
    groups: dict[_Key, list[Record]] = {}
    for record in records:
        job = record.job
        key = (
            job.model, job.training_framework, job.precision, job.framework, job.processor,
            job.slot, str(job.input_size), str(job.threads), job.protocol,
        )  # fmt: skip
        groups.setdefault(key, []).append(record)
    return groups


def _block(key: _Key, records: Sequence[Record]) -> Iterator[str]:
    first = records[0]
    timed = sorted(
        (r for r in records if r.job.kind == "measure"), key=lambda record: record.job.batch
    )
    yield f"{key[0]} ({key[1]}), {key[2]}, {key[6]} px"
    yield f"host: {first.hardware.properties.get('host.processor', 'not told')}"
    yield f"processor: {first.hardware.processor_name} of {first.hardware.device_name}"
    yield f"framework: {key[3]} ({first.inference.version}), {key[7]} threads"
    if timed:
        yield _HEAD
        yield from (_line(record) for record in timed)
    for record in records:
        if record.job.kind == "accuracy":
            yield f"accuracy on {record.workload.dataset}: {_accuracy(record)}"
    yield from (f"differs from the rules: {text}" for text in _differences(key, timed, records))


def _line(record: Record) -> str:
    found = {metric.name: metric for metric in record.metrics}
    latency, rate, power = (
        found[name].value for name in ("execution_s", "throughput_per_s", "power_gross_w")
    )
    efficiency = rate / power if rate is not None and power else None
    cells = (
        f"{record.job.batch:>5}",
        f"{_number(latency * MS_PER_S if latency is not None else None):>13}",
        f"{_number(rate):>17}",
        f"{_number(power):>10}",
        f"{_number(efficiency):>19}",
        f"   {' '.join(f.id for f in record.findings)}",
    )
    return " ".join(cells).rstrip()


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4g}"


def _accuracy(record: Record) -> str:
    told = [m for m in record.metrics if m.group == "accuracy"]
    return ", ".join(f"{m.name.removesuffix('_ratio')} {_share(m)}" for m in told)


def _share(metric: Metric) -> str:
    return "n/a" if metric.value is None else f"{metric.value:.2%} (n = {metric.n})"


def _differences(key: _Key, timed: Sequence[Record], records: Sequence[Record]) -> Iterator[str]:
    if key[0] not in MODELS:
        yield f"{key[0]} is none of their networks ({', '.join(MODELS)})"
    batches = {record.job.batch for record in timed}
    if timed and batches != set(BATCHES):
        missing = [str(b) for b in BATCHES if b not in batches]
        yield f"batches {', '.join(missing)} were not measured" if missing else "more batches"
    if any(record.workload.is_untrained for record in records):
        yield "weights are random"
    elif not any(record.job.kind == "accuracy" for record in records):
        yield "no accuracy was measured"
    else:
        yield "the data are not the 50,000 pictures of ILSVRC2015's validation set"
    if not all(record.hardware.deployment == "cloud" for record in records):
        yield "the device is none of the cloud"
