"""One job on one machine, from the gates to the filed record."""

import platform as this_computer
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ibd_mobile.bench import execution, measure
from ibd_mobile.bench.cooldown import CoolDown
from ibd_mobile.bench.execution import Execution, Recording
from ibd_mobile.bench.gates import Gatekeeper, Look
from ibd_mobile.bench.inputs import LabelledInputs, labelled_inputs
from ibd_mobile.bench.outcome import check_outcome
from ibd_mobile.bench.patience import Patience, Presence
from ibd_mobile.bench.sole_use import sole_use
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Context
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import DataError, HostError, InputError, PhoneGone, PhoneUnauthorized
from ibd_mobile.core.file import write_atomic
from ibd_mobile.core.job import Job
from ibd_mobile.core.payload import payload
from ibd_mobile.core.record import GateEvidence, Record
from ibd_mobile.core.registry import member
from ibd_mobile.core.seams import BroughtFile, Order
from ibd_mobile.core.study import Protocol
from ibd_mobile.core.version import VERSION
from ibd_mobile.machine import host_gpu, host_sensors, prepare, sensors
from ibd_mobile.machine.clock import read_clock
from ibd_mobile.results import truth
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_writer import RunWriter

SAMPLER_RATE_HZ = 100.0
#: start-up, model loading and warm-up of a measured program, s; only when to look first
_START_S = 1.0
#: without a power sensor the sustained phase needs no gauge to catch up
_SUSTAINED_S = 3.0
#: no processor worth measuring is slower; only to tell a long accuracy job from one that hangs
_SLOWEST_MACS_PER_S = 1e9

Notify = Callable[[Event], None]


@dataclass
class Session:
    """A machine that was brought to measuring state; `with` puts it back as it was found.

    Args:
        target: the machine.
        run: the archive that records go to.
        stock: models, protocols.
        notify: told what happens, and why it waits, as it happens.
        sleep: waits so many seconds; raises where the person at the keyboard wants to stop.
        patience: how long it waits for what may never come.
    """

    target: Target
    run: RunWriter
    stock: Stock
    notify: Notify
    sleep: Callable[[float], None] = time.sleep
    patience: Patience = field(default_factory=Patience)
    _changes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._presence = Presence(self.target.link, self.patience)
        self._held = ExitStack()  # this computer, and its card's recorder
        self._card_sensors: list[Sensor] = []
        self._cool_down = CoolDown(self.target.link, self.target.sensors, self.sleep)

    def __enter__(self) -> "Session":
        self._say("prepare", "", "bringing the machine to measuring state")
        if not self.target.is_phone:
            root = Path(self.target.link.root)
            self._held.enter_context(sole_use(root, self.sleep, self._wait_for_another))
        if (card := self.target.card) is not None:
            files = self._held.enter_context(
                host_gpu.recording(card, Path(self.target.link.root) / "card")
            )
            self._card_sensors = host_sensors.card_sensors(files, card.power_mean_s)
            self._cool_down.among = [*self.target.sensors, *self._card_sensors]
        if self.target.is_phone:
            self._restore()  # what a lost session left changed
            target, protocol = self.target, self.run.info.protocol
            self._changes = prepare.prepare(
                target.link, target.phone, protocol, self._as_found, name=target.identity.serial
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._held:
            if kind is not None and issubclass(kind, PhoneGone | PhoneUnauthorized):
                return  # out of reach; what was changed stays on file, and `resume` puts it back
            self._say("restore", "", "putting the machine back as it was found")
            if kind is not None:
                execution.last_execution(self.target.link)  # ends what still runs
            if self.target.is_phone:
                self._restore()

    def _wait_for_another(self, text: str) -> None:
        slot = self.target.slot.id
        self.notify(
            Event(kind="waiting", slot=slot, phase="prepare", cause="another run", text=text)
        )

    def _restore(self) -> None:
        serial = self.target.identity.serial
        prepare.restore(self.target.link, self._as_found, name=serial)

    def _say(self, phase: str, job_id: str, text: str, remaining_s: float | None = None) -> None:
        self.notify(
            Event(
                kind="phase",
                slot=self.target.slot.id,
                job_id=job_id,
                phase=phase,
                text=text,
                remaining_s=remaining_s,
            )
        )

    @property
    def _as_found(self) -> Path:
        return self.run.as_found(self.target.slot.id)

    def await_machine(self) -> None:
        """Return as soon as the machine answers, at once where it never left.

        Raises:
            PhoneGone, PhoneUnauthorized, HostError: as `Presence.missed`.
        """
        self._presence.wait(self.sleep)

    def measure(self, job: Job) -> Record:
        """Run one job to its filed record.

        Raises:
            IbdError: whatever kept it from being measured; filed as a failure, with all that had
                been fetched until then.
        """
        folder = self.run.partial(job.id)
        try:
            gates = self._pass_gates(job, folder)
            context = self._execute(job, folder, gates)
            self._say("file", job.id, "computing and filing")
            check_outcome(folder, job, context.nonce)
            record = measure.record_of(folder)
            self.run.file(folder, record)
        except DataError as error:
            named = _named(error, job, folder)
            self.run.fail(job.id, named, folder)
            raise named from error
        except Exception as error:
            self.run.fail(job.id, error, folder)
            raise
        except BaseException:
            self.run.discard(folder)
            raise
        return record

    def _pass_gates(self, job: Job, folder: JobFolder) -> list[GateEvidence]:
        last = execution.last_execution(self.target.link)

        def on_wait(look: Look) -> None:
            self.notify(
                Event(
                    kind="waiting",
                    slot=self.target.slot.id,
                    job_id=job.id,
                    phase="gates",
                    cause=look.gate,
                    text=look.why,
                    remaining_s=look.remaining_s,
                )
            )

        if not self.target.is_phone:  # battery and rest are a phone's rules
            self._cool_down.on_wait = on_wait
            return self._cool_down.wait()
        keeper = Gatekeeper(self.target, self.run.info.protocol, folder.gates, on_wait, self.sleep)
        return keeper.wait(last)

    def _execute(self, job: Job, folder: JobFolder, gates: list[GateEvidence]) -> Context:
        target, link = self.target, self.target.link
        resolved, unread = sensors.resolve(link, [*target.sensors, *self._card_sensors])
        inputs = self._inputs(job)
        recording, power_s = plan_recording(
            job, self.run.info.protocol, resolved, self.patience.overrun_s,
            inputs.dataset.count * self.stock.artifact(job).cost.macs_count if inputs else 0,
        )  # fmt: skip
        invocation = member("ibd_mobile.frameworks", job.framework).invocation(
            self._order(job, power_s, inputs)
        )
        execution.forget_executions(link)
        with tempfile.TemporaryDirectory() as scratch:
            self._say("push", job.id, "bringing files")
            paths, hashes, sent_bytes = execution.bring(
                link, [*self._recorder(resolved, Path(scratch)), *invocation.files]
            )
        boot_id = read_clock(link).boot_id
        seconds = recording.expected_s
        self._say("measure", job.id, "measuring", seconds)
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        running = execution.start(link, paths, invocation.argv, recording, boot_id)
        running.sleep, running.presence = self.sleep, self._presence
        running.wait()
        self._say("pull", job.id, "fetching traces")
        running.collect(folder.raw)
        context = self._context(
            job, gates, resolved, unread, hashes, sent_bytes, running,
            invocation.framework_version, started_at,
        )  # fmt: skip
        if inputs is not None:  # pictures that are truth themselves are hashed when they are read
            model = msgspec.structs.replace(context.model, dataset=inputs.dataset)
            context = msgspec.structs.replace(context, model=model)
        write_atomic(folder.context, msgspec.json.format(msgspec.json.encode(context)))
        if inputs is not None:
            write_atomic(folder.truth, truth.encode(inputs.truth))
        return context

    def _inputs(self, job: Job) -> LabelledInputs | None:
        if job.kind != "accuracy":
            return None
        model = self.stock.models[job.model]
        variant = model.variant(job.training_framework)
        if variant is None:
            raise InputError(f"model '{model.id}'", f"is not given by {job.training_framework}")
        pictures = self.stock.pictures.get(model.dataset.id) if model.dataset else None
        if pictures is not None:
            self._say("inputs", job.id, f"making inputs of {len(pictures.entries)} pictures")
        return labelled_inputs(model, variant, self.stock.artifact(job), pictures)

    def _order(self, job: Job, power_s: float, inputs: LabelledInputs | None) -> Order:
        return Order(
            job=job,
            model_file=self.stock.artifact_file(job),
            platform=self.target.identity.platform,
            deployment=self.target.device.deployment,
            warmup_runs=self.run.info.protocol.warmup_runs,
            timed_runs=self.run.info.protocol.timed_runs,
            power_s=power_s,
            dataset_file=inputs.file if inputs else None,
            dataset_count=inputs.dataset.count if inputs else 0,
            card=self.target.card.uuid if self.target.card else "",
        )

    def _recorder(self, resolved: list[Sensor], scratch: Path) -> list[BroughtFile]:
        sampler = payload(self.target.identity.platform, "ibd_sampler")
        if not sampler.is_file():
            raise HostError(
                f"payloads for {self.target.identity.platform}",
                f"are not part of this installation on {this_computer.system()}",
                "Reinstall with `pip install --force-reinstall ibd-mobile`; only Linux machines"
                " and Android phones can be measured.",
            )
        nodes = scratch / "nodes.tsv"
        nodes.write_text("".join(f"{s.id}\t{s.node}\n" for s in resolved))
        return [
            BroughtFile(role="sampler", source=sampler),
            BroughtFile(role="nodes", source=nodes),
        ]

    def _context(
        self,
        job: Job,
        gates: list[GateEvidence],
        resolved: list[Sensor],
        unread: dict[str, str],
        hashes: dict[str, str],
        sent_bytes: int,
        running: Execution,
        framework_version: str,
        started_at: str,
    ) -> Context:
        target = self.target
        return Context(
            schema=2,
            job=job,
            model=self.stock.models[job.model],
            artifact=self.stock.artifact(job),
            device=target.device,
            phone=target.phone,
            protocol=self.run.info.protocol,
            identity=msgspec.structs.replace(target.identity, boot_id=running.boot_id),
            sensors=resolved,
            unread_sensors=unread,
            gates=gates,
            changed_settings=self._changes,
            screen=prepare.screen_state(target.link) if target.is_phone else "unknown",
            files=hashes,
            pushed_bytes=sent_bytes,
            framework_version=framework_version,
            nonce=running.nonce,
            sampler_rate_hz=running.recording.rate_hz,
            idle_s=running.recording.idle_s,
            host_started_at=started_at,
            tool_version=VERSION,
        )


def _named(error: DataError, job: Job, folder: JobFolder) -> DataError:
    """Name the job instead of a folder that is gone as soon as the failure is filed."""
    subject = error.subject.replace(f"{folder.path}/", f"{job.slot}: {job.title}: ")
    return DataError(subject, error.problem, error.remedy)


def plan_recording(
    job: Job, protocol: Protocol, resolved: list[Sensor], overrun_s: float, macs_count: int = 0
) -> tuple[Recording, float]:
    """Say how long to watch a job, and how long its power phase must be, s.

    The power phase fills the protocol's window and as many renewals of the gauge at hand as the
    protocol wants: five inferences of 10 ms cannot be seen by a gauge that renews every second.

    Args:
        job: a measuring one, or one of accuracy, which has no power phase.
        protocol: of the run.
        resolved: sensors that are sampled.
        overrun_s: how much longer it may take.
        macs_count: multiply-adds of all inferences of an accuracy job, which are not expected.
    """
    if job.kind == "accuracy":
        limit_s = overrun_s + macs_count / _SLOWEST_MACS_PER_S
        return Recording(rate_hz=10.0, idle_s=0.0, limit_s=limit_s, expected_s=_START_S), 0.0
    gauge = measure.POWER_SOURCE.sensors(resolved)
    if gauge:
        period_s = max(max(s.period_s, s.mean_window_s) for s in gauge)
        power_s = max(protocol.power_window_s, protocol.power_periods * period_s)
        idle_s = max(protocol.idle_s, 4 * period_s)
    else:
        power_s, idle_s = min(protocol.power_window_s, _SUSTAINED_S), min(protocol.idle_s, 0.5)
    expected_s = power_s + 2 * idle_s + _START_S
    recording = Recording(SAMPLER_RATE_HZ, idle_s, expected_s + overrun_s, expected_s)
    return recording, power_s
