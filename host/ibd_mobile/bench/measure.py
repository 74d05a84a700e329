"""From the raw files of a job to its record; `reparse` is the same again, without a phone."""

from collections.abc import Sequence

from ibd_mobile.core.context import Context
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.record import (
    Conditions,
    Hardware,
    InferenceLayer,
    Record,
    TrainingLayer,
    Workload,
)
from ibd_mobile.core.seams import PowerSource
from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.power import fuel_gauge, nvml, rapl
from ibd_mobile.results import facts as raw_facts
from ibd_mobile.results import metrics, query, validity
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_writer import RunWriter
from ibd_mobile.results.utilization import peak_of


class _FirstThatCan:
    """Of several sources the first that finds its sensors; the last one where none does."""

    id = "any"

    def __init__(self, *sources: PowerSource) -> None:
        self._sources = sources

    def sensors(self, sensors: Sequence[Sensor]) -> list[Sensor]:
        """Pick what that source needs."""
        return self._chosen(sensors).sensors(sensors)

    def parse(self, traces: Sequence[SensorTrace], sensors: Sequence[Sensor]) -> PowerTrace | None:
        """Make power as that source does."""
        return self._chosen(sensors).parse(traces, sensors)

    def _chosen(self, sensors: Sequence[Sensor]) -> PowerSource:
        return next((s for s in self._sources if s.sensors(sensors)), self._sources[-1])


#: a card's own counter, those of the processor's packages, a battery's gauge
POWER_SOURCE: PowerSource = _FirstThatCan(nvml, rapl, fuel_gauge)


def record_of(folder: JobFolder) -> Record:
    """Read the raw files of a job, write its traces, and make its record.

    Raises:
        DataError: a file is damaged or of another execution.
    """
    facts = raw_facts.load(folder, POWER_SOURCE)
    write_traces(folder, facts)
    numbers = metrics.measure(facts)
    findings = validity.judge(facts, numbers)
    context, job = facts.context, facts.context.job
    return Record(
        schema=2,
        job_id=job.id,
        job=job,
        workload=_workload(context),
        training=TrainingLayer(
            framework=job.training_framework,
            made_by=context.artifact.made_by,
            artifact_sha256=context.artifact.sha256,
            artifact_bytes=context.artifact.size_bytes,
        ),
        inference=_inference(facts),
        hardware=_hardware(context),
        conditions=_conditions(context),
        metrics=validity.spoil(numbers, findings),
        findings=findings,
        raw_sha256=folder.raw_sha256(),
    )


def reparse_job(run: RunWriter, job_id: str) -> list[str]:
    """Make the traces, metrics and record of a filed job again.

    Returns:
        Names of the files whose content is not what it was.

    Raises:
        DataError: raw/ is not what was filed, or damaged.
    """
    run.verify(job_id)
    folder = run.job_folder(job_id)
    files = (folder.metrics, folder.record)
    before = [sha256_of(path) for path in files]
    run.refile(record_of(folder))
    return [path.name for path, old in zip(files, before, strict=True) if sha256_of(path) != old]


def write_traces(folder: JobFolder, facts: Facts) -> None:
    """Write the time series of a job as Parquet, one file each."""
    folder.traces.mkdir(exist_ok=True)
    for phase, trace in facts.journal.phases.items():
        query.write_parquet(
            folder.trace(f"inferences_{phase}"),
            {"start_ns": trace.start_ns, "end_ns": trace.end_ns},
        )
    if facts.power is not None:
        query.write_parquet(
            folder.trace("power"), {"t_ns": facts.power.t_ns, "power_w": facts.power.power_w}
        )
    for sensor in facts.samples.traces if facts.samples else ():
        query.write_parquet(
            folder.trace(f"sensor_{sensor.id}"), {"t_ns": sensor.t_ns, "value": sensor.value}
        )


def _workload(context: Context) -> Workload:
    model, artifact, cost = context.model, context.artifact, context.artifact.cost
    shape = artifact.inputs[0].shape
    return Workload(
        model=model.id,
        application=model.application,
        precision=artifact.precision,
        batch=context.job.batch,
        input_shape=[context.job.batch, *shape[1:]],
        macs_count=cost.macs_count,
        macs_counter=cost.counter,
        parameters_count=cost.parameters_count,
        dataset=model.dataset.id if model.dataset else "",
        is_untrained=artifact.is_untrained,
    )


def _inference(facts: Facts) -> InferenceLayer:
    context, begin, ready = facts.context, facts.journal.begin, facts.journal.ready
    return InferenceLayer(
        framework=context.job.framework,
        version=f"{context.framework_version}; engine {begin.engine} {begin.engine_version}",
        program=begin.program,
        program_version=begin.version,
        files=context.files,
        threads=begin.threads,
        accelerator=ready.accelerator if ready else "",
        fully_accelerated=ready.fully_accelerated if ready else None,
    )


def _hardware(context: Context) -> Hardware:
    device, identity = context.device, context.identity
    processor = device.processor(context.job.processor)
    return Hardware(
        device=device.id,
        device_name=device.name,
        deployment=device.deployment,
        phone=context.phone.name if context.phone else "",
        processor=context.job.processor,
        processor_name=processor.name if processor else "",
        serial=identity.serial,
        boot_id=identity.boot_id,
        properties=identity.properties,
        peak=peak_of(context),
        no_peak_reason=processor.no_peak_reason if processor else "",
    )


def _conditions(context: Context) -> Conditions:
    return Conditions(
        protocol=context.protocol.id,
        is_conforming=context.protocol.is_conforming,
        gates=context.gates,
        changed_settings=context.changed_settings,
        pushed_bytes=context.pushed_bytes,
        sampler_rate_hz=context.sampler_rate_hz,
        host_started_at=context.host_started_at,
        tool_version=context.tool_version,
    )
