import hashlib
import platform
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.payload import payload
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.facts import load
from ibd_mobile.results.job_folder import JobFolder

S = 1_000_000_000


def test_windows_are_those_of_program_and_sampler(tmp_path: Path, make: Any) -> None:
    facts = load(make.Job().file(tmp_path), fuel_gauge)
    windows, summary = facts.windows, facts.summary
    assert summary is not None
    assert windows.latency is not None
    assert windows.power is not None
    assert windows.idle_before is not None
    assert windows.idle_after is not None
    # of 4 s of rest, a fifth at most and never more than a second is left for settling
    assert windows.idle_before.start_ns == summary.start_ns + round(0.8 * S)
    assert windows.idle_before.end_ns == summary.child_start_ns
    assert windows.idle_after.start_ns == (summary.child_end_ns or 0) + round(0.8 * S)
    assert windows.idle_after.end_ns == summary.end_ns
    assert windows.power.duration_s == pytest.approx(6.2)
    assert windows.load is not None
    assert windows.load.start_ns == windows.latency.start_ns
    assert windows.load.end_ns == windows.power.end_ns


def test_power_comes_from_the_power_source(tmp_path: Path, make: Any) -> None:
    facts = load(
        make.Job(noise_ratio=0.0, current=lambda s: f"{5e5 + s:.0f}").file(tmp_path),
        fuel_gauge,
    )
    assert facts.power is not None
    assert facts.power_missing == ""
    assert np.median(facts.power.power_w) == pytest.approx(2.0, rel=1e-4)
    assert facts.power_quantum_w == pytest.approx(156.25e-6 * 4)
    assert [s.id for s in facts.gauge] == ["battery_current", "battery_voltage"]


def test_without_sensors_the_reason_is_said(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    job.context = make.changed(make.changed(job.context, "sensors", []), "phone", None)
    facts = load(job.file(tmp_path), fuel_gauge)
    assert facts.power is None
    assert facts.power_missing == "Snapdragon 855 has no power sensor"
    assert facts.power_quantum_w == 0.0


def test_a_gauge_that_may_not_be_read_is_named(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    unread = {"battery_current": "permission denied for the shell user"}
    job.context = make.changed(make.changed(job.context, "sensors", []), "unread_sensors", unread)
    facts = load(job.file(tmp_path), fuel_gauge)
    assert facts.power_missing == (
        "the gauge of Pixel 4 could not be read: permission denied for the shell user"
    )


def test_a_gauge_whose_reads_failed_is_named_with_the_error(tmp_path: Path, make: Any) -> None:
    facts = load(make.Job(current=lambda _: "!EACCES").file(tmp_path), fuel_gauge)
    assert facts.power_missing == (
        "the gauge of Pixel 4 could not be read (battery_current: EACCES)"
    )


def test_without_a_recording_there_is_still_the_journal(tmp_path: Path, make: Any) -> None:
    folder = make.Job().file(tmp_path)
    folder.samples.unlink()
    folder.summary.unlink()
    facts = load(folder, fuel_gauge)
    assert facts.power_missing == "nothing was recorded beside the program's own journal"
    assert facts.windows.idle_before is None
    assert facts.windows.power is not None


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("samples.tsv", "is not what sampler.json says it was"),
        ("child.tsv", "is not what sampler.json says it was"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, make: Any, file: str, problem: str
) -> None:
    folder = make.Job().file(tmp_path)
    text = make.samples_text({}, [1]) if file == "samples.tsv" else b"5\thello\n"
    (folder.raw / file).write_bytes(text)
    with pytest.raises(DataError, match=problem) as caught:
        load(folder, fuel_gauge)
    assert caught.value.subject.endswith(file)


def test_a_summary_of_another_execution_is_refused(tmp_path: Path, make: Any) -> None:
    folder = make.Job(summary={"nonce": "other"}).file(tmp_path)
    with pytest.raises(DataError, match="is of another execution"):
        load(folder, fuel_gauge)


def test_a_damaged_context_is_refused(tmp_path: Path, make: Any) -> None:
    folder = make.Job().file(tmp_path)
    folder.context.write_bytes(folder.context.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"context\.json: is damaged"):
        load(folder, fuel_gauge)


def test_outputs_count_only_if_the_journal_vouches_for_them(tmp_path: Path, make: Any) -> None:
    folder = make.Job(outputs=bytes(20)).file(tmp_path)
    assert load(folder, fuel_gauge).outputs == folder.outputs
    folder.outputs.write_bytes(bytes(19) + b"x")
    with pytest.raises(DataError, match="not what the journal says"):
        load(folder, fuel_gauge)
    folder.outputs.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        load(folder, fuel_gauge)


def test_outputs_nobody_vouches_for_are_not_taken(tmp_path: Path, make: Any) -> None:
    folder = make.Job().file(tmp_path)
    folder.outputs.write_bytes(b"from elsewhere")
    assert load(folder, fuel_gauge).outputs is None


def test_several_outputs_are_checked_tensor_by_tensor(tmp_path: Path, make: Any) -> None:
    records = [b"aaaBB", b"cccDD"]
    tensors = [
        {"name": name, "dtype": "uint8", "shape": [1, size], "bytes": size}
        for name, size in (("scores", 3), ("boxes", 2))
    ]
    parts = [b"aaaccc", b"BBDD"]

    def end(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        lines = [
            {
                "event": "output", "name": f"t{i}", "index": i, "file": "outputs.bin",
                "bytes": len(part), "sha256": hashlib.sha256(part).hexdigest(),
            }
            for i, part in enumerate(parts)
        ]  # fmt: skip
        return list(make.ended([*events, *lines]))

    folder = make.Job(ready={"outputs": tensors}, end=end).file(tmp_path)
    folder.outputs.write_bytes(b"".join(records))
    assert load(folder, fuel_gauge).outputs == folder.outputs
    for wrong in (b"aaaBBcccDE", b"aaaBBccc"):
        folder.outputs.write_bytes(wrong)
        with pytest.raises(DataError, match="not what the journal says"):
            load(folder, fuel_gauge)


def test_what_the_payloads_write_now_is_read(tmp_path: Path, make: Any) -> None:
    home = f"linux-{platform.machine()}"
    sampler, bench = (payload(home, name) for name in ("ibd_sampler", "ibd_bench"))
    if not sampler.is_file():
        pytest.skip(f"no payloads were built for {home}")
    job = make.Job()
    limit = make.sensor("process_limit", "level", "pct", site="host")
    job.context = make.changed(job.context, "sensors", [limit])
    folder = JobFolder(tmp_path / "job", "job")
    folder.raw.mkdir(parents=True)
    folder.context.write_bytes(msgspec.json.encode(job.context))
    model, nodes = tmp_path / "model", tmp_path / "nodes"
    model.write_bytes(b"model")
    nodes.write_text("process_limit\t/proc/sys/kernel/pid_max\n")
    argv = [
        sampler, "--out", folder.raw, "--nonce", make.nonce, "--nodes", nodes,
        "--before-s", "0.2", "--after-s", "0.2", "--",
        bench, "--engine", "fake", "--model", model, "--nonce", make.nonce,
        "--model-sha256", hashlib.sha256(b"model").hexdigest(),
        "--journal", folder.journal, "--outputs", folder.raw, "--power-s", "0.2",
        "--option", "latency_ns=1000000", "--option", "work=sleep",
    ]  # fmt: skip
    subprocess.run([str(word) for word in argv], check=True, timeout=30)
    facts = load(folder, fuel_gauge)
    assert facts.journal.is_complete
    assert facts.outputs == folder.outputs
    assert facts.summary is not None
    assert facts.samples is not None
    assert facts.samples.rows == facts.summary.rows > 30
    assert np.isfinite(facts.samples.traces[0].value).all()
    windows = facts.windows
    order = [windows.idle_before, windows.latency, windows.power, windows.idle_after]
    known = [window for window in order if window is not None]
    assert len(known) == len(order)
    assert all(a.end_ns <= b.start_ns for a, b in pairwise(known))


def test_a_gauge_that_was_read_once_gives_no_power(tmp_path: Path, make: Any) -> None:
    seen = iter(["1000000"])
    facts = load(make.Job(current=lambda _: next(seen, "")).file(tmp_path), fuel_gauge)
    assert facts.power_missing == "the gauge of Pixel 4 was renewed fewer than twice"


def test_a_gauge_that_tells_power_itself_has_the_step_of_that(tmp_path: Path, make: Any) -> None:
    power = make.sensor("battery_power", "power", "mW", quantum=2.0)
    job = make.Job(extra={"battery_power": lambda s: f"{4000 + s:.0f}"})
    job.context = make.changed(job.context, "sensors", [power])
    facts = load(job.file(tmp_path), fuel_gauge)
    assert facts.power_quantum_w == pytest.approx(0.002)
    assert facts.power is not None
    assert np.median(facts.power.power_w) == pytest.approx(4.0, rel=0.01)
