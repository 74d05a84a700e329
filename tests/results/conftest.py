"""A job's raw files, made to measure: what the payloads would have written of a chosen phone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from ibd_mobile.core.context import Context, Identity
from ibd_mobile.core.device import Cluster, Device, Peak, Phone, Processor, Sensor
from ibd_mobile.core.job import Job
from ibd_mobile.core.model import (
    Artifact,
    Cost,
    Dataset,
    Input,
    Model,
    ReferenceAccuracy,
    Tensor,
    Variant,
)
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.core.study import Protocol
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.truth import encode, sha256

NONCE = "0123abcd"
BOOT_ID = "6f0b2c1e-0000-4000-8000-000000000001"
S = 1_000_000_000


def sealed(events: list[dict[str, Any]], nonce: str = NONCE) -> bytes:
    """Write a journal as the payload does: numbered lines, each with the running hash."""
    lines, chain = [], hashlib.sha256(nonce.encode()).digest()
    for number, event in enumerate(events):
        body = msgspec.json.encode({"seq": number, **event})[:-1]
        chain = hashlib.sha256(chain + body).digest()
        lines.append(body + b',"chain":"' + chain.hex().encode() + b'"}\n')
    return b"".join(lines)


def journal_events(
    phases: dict[str, NDArray[np.int64]], nonce: str = NONCE, **ready: Any
) -> list[dict[str, Any]]:
    """Make the events of a program with these phases; each is (n, 2) starts and ends, ns."""
    first_ns = min(int(times[0, 0]) for times in phases.values())
    tensor = {"name": "t", "dtype": "uint8", "shape": [1, 10], "bytes": 10}
    events: list[dict[str, Any]] = [
        {
            "event": "begin", "schema": 1, "program": "ibd_bench", "version": "0.1.0",
            "nonce": nonce, "engine": "fake", "engine_version": "1", "boot_id": BOOT_ID,
            "pid": 7, "threads": 1, "batch": 1, "model_sha256": "0" * 64, "model_bytes": 1,
            "t_ns": first_ns - 300_000_000,
        },
        {
            "event": "ready", "init_start_ns": first_ns - 250_000_000,
            "init_end_ns": first_ns - 50_000_000, "inputs": [tensor], "outputs": [tensor],
            "accelerator": "cpu", "fully_accelerated": True, **ready,
        },
    ]  # fmt: skip
    for phase, times in phases.items():
        start_ns, end_ns = times[:, 0].tolist(), times[:, 1].tolist()
        events += [
            {"event": "phase_begin", "phase": phase, "t_ns": start_ns[0]},
            {
                "event": "inferences", "phase": phase, "first": 0,
                "start_ns": start_ns, "end_ns": end_ns,
            },
            {
                "event": "phase_end", "phase": phase, "count": len(times),
                "start_ns": start_ns[0], "end_ns": end_ns[-1],
                "cpu_ns": int((times[:, 1] - times[:, 0]).sum()),
            },
        ]  # fmt: skip
    return events


def ended(events: list[dict[str, Any]], code: int = 0) -> list[dict[str, Any]]:
    return [*events, {"event": "end", "code": code, "lines": len(events)}]


def back_to_back(start_ns: int, durations_ns: list[int], pause_ns: int = 0) -> NDArray[np.int64]:
    """Lay inferences one after the other: (n, 2) starts and ends, ns."""
    steps = np.array(durations_ns, np.int64)
    ends = start_ns + np.cumsum(steps + pause_ns) - pause_ns
    return np.stack([ends - steps, ends], axis=1)


def samples_text(
    columns: dict[str, list[str]],
    deadlines_ns: list[int],
    *,
    nonce: str = NONCE,
    missed: int = 0,
    is_sealed: bool = True,
    late_ns: int = 20_000,
) -> bytes:
    """Write samples.tsv as the sampler does; every read is done `late_ns` after its deadline."""
    lines = [
        f"#ibd_sampler 1 nonce={nonce} boot_id={BOOT_ID} period_ns=10000000",
        "#columns " + "\t".join(columns),
    ]
    for k, deadline_ns in enumerate(deadlines_ns):
        row = [str(deadline_ns)]
        for values in columns.values():
            row += [str(deadline_ns + late_ns), values[k]]
        lines.append("\t".join(row))
    content = "".join(f"{line}\n" for line in lines).encode()
    if is_sealed:
        digest = hashlib.sha256(content).hexdigest()
        content += f"#end rows={len(deadlines_ns)} missed={missed} sha256={digest}\n".encode()
    return content


def sensor(id: str, quantity: Any, unit: str, **more: Any) -> Sensor:
    facts: dict[str, Any] = {"site": "battery", "status": "confirmed", "source": "test", **more}
    return Sensor(id=id, quantity=quantity, unit=unit, **facts)


CURRENT = sensor(
    "battery_current", "current", "uA", positive="discharging", period_s=0.1758,
    quantum=156.25, gain_error_pct=1.0,
)  # fmt: skip
VOLTAGE = sensor("battery_voltage", "voltage", "uV", period_s=0.1758, quantum=78.125)
STATUS = sensor("battery_status", "status", "text")


def a_context() -> Context:
    """A measure job on a phone with a fast gauge, under conforming rules and with open gates."""
    device = Device(
        schema=1, id="sd855", name="Snapdragon 855", deployment="mobile", recognise=[],
        clusters=[Cluster(name="prime", core="A76", cpus=[7], max_hz=2 * S, source="test")],
        processors=[
            Processor(
                id="cpu", name="Kryo 485", accelerators={"litert": "cpu"},
                peaks=[
                    Peak(
                        precision="float32", ops_per_s=2e11, status="inferred",
                        clock="2.84 GHz", source="test",
                    )
                ],
            ),
            Processor(id="dsp", name="Hexagon 690", no_peak_reason="no peak is published"),
        ],
    )  # fmt: skip
    tensor = Tensor(name="scores", dtype="uint8", shape=[1, 10])
    artifact = Artifact(
        file="m.tflite", sha256="0" * 64, size_bytes=1, format="tflite", precision="float32",
        layout="NHWC", inputs=[tensor], outputs=[tensor], made_by="test",
        cost=Cost(macs_count=1_000_000, parameters_count=10, counter="by hand"),
        reference=[ReferenceAccuracy(metric="top1", value=0.9, n=1000, source="on a host")],
    )  # fmt: skip
    model = Model(
        schema=2, id="m", name="M", application="classification",
        dataset=Dataset(
            id="d", generator="g", seed=1, count=4, labels=[str(i) for i in range(10)],
            images_sha256="", truth_sha256="",
        ),
        variants=[
            Variant(
                training_framework="tensorflow", outputs_count=10, licence="Apache-2.0",
                input=Input(
                    height=1, width=1, channels=1, layout="NHWC", colour_order="Y", mean=[0],
                    scale=[1],
                ),
                artifacts=[artifact],
            )
        ],
    )  # fmt: skip
    sensors = [CURRENT, VOLTAGE, STATUS]
    return Context(
        schema=2,
        job=Job(
            kind="measure", device="sd855", slot="s", model="m", training_framework="tensorflow",
            input_size=64, artifact_sha256="0" * 64, precision="float32",
            framework="litert", processor="cpu", threads=1, batch=1, protocol="ibd", seed=1,
        ),
        model=model, artifact=artifact, device=device,
        phone=Phone(
            schema=1, id="p", name="Pixel 4", device="sd855", recognise=[], sensors=sensors
        ),
        protocol=Protocol(
            schema=1, id="ibd", name="IBD", is_conforming=True, warmup_runs=1, timed_runs=5,
            rest_s=300, battery_floor_pct=80, battery_max_c=35, skin_max_c=35, power_window_s=6,
            power_periods=25, idle_s=4, gate_limit_s=60, battery_target_pct=85, source="test",
        ),
        identity=Identity(
            serial="X", platform="android-arm64", device="sd855", phone="p", boot_id=BOOT_ID,
            is_simulated=False, is_root=False, properties={},
        ),
        sensors=sensors, unread_sensors={},
        gates=[
            GateEvidence(gate=gate, is_passed=True, measured="fine", limit="fine", waited_s=0)
            for gate in ("battery", "battery temperature", "charging", "rest")
        ],
        changed_settings=[], screen="off", files={}, pushed_bytes=0, framework_version="1",
        nonce=NONCE, sampler_rate_hz=100, idle_s=4, host_started_at="2026-01-01T00:00:00+00:00",
        tool_version="0.1.0",
    )  # fmt: skip


def changed(noun: Any, path: str, value: Any) -> Any:
    """Replace a field of a nested noun: `changed(context, "job.batch", 4)`."""
    name, _, rest = path.partition(".")
    inner = changed(getattr(noun, name), rest, value) if rest else value
    return msgspec.structs.replace(noun, **{name: inner})


@dataclass
class RawJob:
    """Raw files of one job: 4 s idle, 0.5 s start, 5 × 10 ms, a power phase, 4 s idle again."""

    context: Context = field(default_factory=a_context)
    timed_ns: list[int] = field(default_factory=lambda: [10_000_000 + 1000 * k for k in range(5)])
    power_ns: list[int] = field(default_factory=lambda: [10_000_000] * 620)
    idle_a: float = 0.15
    load_a: float = 1.0
    volts_v: float = 4.0
    noise_ratio: float = 0.05
    extra: dict[str, Callable[[float], str]] = field(default_factory=dict)  #: at s since the start
    ready: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    end: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = ended
    current: Callable[[float], str] | None = None
    missed: int = 0
    outputs: bytes = b""
    truth: Any = None  #: array; the context's data set is made to be the one with this truth
    phases: dict[str, NDArray[np.int64]] | None = None

    def file(self, path: Path) -> JobFolder:
        folder = JobFolder(path / "job", "job")
        folder.raw.mkdir(parents=True)
        start_ns = 1000 * S
        child_ns = start_ns + 4 * S
        phases = self.phases
        if phases is None:
            timed = back_to_back(child_ns + S // 2, self.timed_ns)
            phases = {"latency": timed, "power": back_to_back(int(timed[-1, 1]), self.power_ns)}
        events = journal_events(phases, **self.ready)
        if self.outputs:
            folder.outputs.write_bytes(self.outputs)
            events.append(
                {
                    "event": "output", "name": "scores", "index": 0, "file": "outputs.bin",
                    "bytes": len(self.outputs),
                    "sha256": hashlib.sha256(self.outputs).hexdigest(),
                }
            )  # fmt: skip
        folder.journal.write_bytes(sealed(self.end(events)))
        load_ns = max(int(times[-1, 1]) for times in phases.values())
        child_end_ns = load_ns + 10_000_000
        end_ns = child_end_ns + 4 * S
        deadlines = list(range(start_ns, end_ns, 10_000_000))
        samples = samples_text(
            self._columns(deadlines, child_ns, child_end_ns), deadlines, missed=self.missed
        )
        folder.samples.write_bytes(samples)
        folder.child.write_bytes(b"")
        facts = {
            "schema": 1, "nonce": NONCE, "version": "0.1.0", "boot_id": BOOT_ID,
            "start_ns": start_ns, "child_start_ns": child_ns, "child_end_ns": child_end_ns,
            "end_ns": end_ns, "child_exit_code": 0, "child_signal": None, "status": 0,
            "rusage": {
                "user_ns": 1, "system_ns": 1, "max_rss_bytes": 1, "minor_faults": 0,
                "major_faults": 0, "voluntary_switches": 0, "involuntary_switches": 3,
            },
            "rows": len(deadlines), "missed_deadlines": self.missed, "sampler_cpu_ns": 1,
            "nodes": [], "samples_sha256": hashlib.sha256(samples).hexdigest(),
            "child_sha256": hashlib.sha256(b"").hexdigest(), **self.summary,
        }  # fmt: skip
        folder.summary.write_bytes(msgspec.json.encode(facts))
        if self.truth is not None:
            folder.truth.write_bytes(encode(self.truth))
            dataset = "model.dataset"
            self.context = changed(self.context, f"{dataset}.truth_sha256", sha256(self.truth))
            if self.truth.ndim != 2:  # of boxes it does not tell how many pictures there are
                self.context = changed(self.context, f"{dataset}.count", len(self.truth))
        folder.context.write_bytes(msgspec.json.encode(self.context))
        return folder

    def _columns(self, deadlines: list[int], load_ns: int, rest_ns: int) -> dict[str, list[str]]:
        noise = np.random.default_rng(3).standard_normal(10_000)
        columns: dict[str, list[str]] = {s.id: [] for s in self.context.sensors}
        for t_ns in deadlines:
            renewal = (t_ns - deadlines[0]) // 175_800_000
            renewed_ns = deadlines[0] + renewal * 175_800_000
            level_a = self.load_a if load_ns <= renewed_ns < rest_ns else self.idle_a
            level_a *= 1 + self.noise_ratio * float(noise[renewal])
            since_s = (t_ns - deadlines[0]) / S
            now = {
                "battery_current": f"{level_a * 1e6:.0f}",
                "battery_voltage": f"{self.volts_v * 1e6:.0f}",
                "battery_status": "Discharging",
                **{id: tell(since_s) for id, tell in self.extra.items()},
            }
            if self.current is not None:
                now["battery_current"] = self.current(since_s)
            for id, values in columns.items():
                values.append(now[id])
        return columns


@dataclass(frozen=True)
class Maker:
    """What the tests of this folder make raw files with."""

    Job = RawJob
    sealed = staticmethod(sealed)
    ended = staticmethod(ended)
    journal_events = staticmethod(journal_events)
    back_to_back = staticmethod(back_to_back)
    samples_text = staticmethod(samples_text)
    sensor = staticmethod(sensor)
    changed = staticmethod(changed)
    nonce: str = NONCE


@pytest.fixture(scope="session")
def make() -> Maker:
    return Maker()


@pytest.fixture(scope="session")
def recordings() -> Path:
    """What the real payloads wrote once."""
    return Path(__file__).parents[1] / "data" / "recordings"
