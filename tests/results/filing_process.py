"""A process that makes or resumes a run, files all its jobs, and may be killed at any moment.

    filing_process.py ROOT JOBS            files them all
    filing_process.py ROOT JOBS --die-at K ends by SIGKILL just before its K-th change of a file

Prints "ready" when it begins. What it files is copied from the example run.
"""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_root import runs
from ibd_mobile.results.run_writer import RunWriter

EXAMPLE = Path(__file__).parents[1] / "data" / "example_run.json"
_CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate"}


def plan_of(count: int) -> tuple[RunInfo, Record]:
    example = msgspec.json.decode(EXAMPLE.read_bytes())
    info = msgspec.convert(example["run"], RunInfo)
    record = msgspec.convert(example["records"][0], Record)
    jobs = [msgspec.structs.replace(record.job, seed=seed) for seed in range(1, count + 1)]
    return msgspec.structs.replace(info, jobs=jobs), record


def file_all(root: Path, count: int) -> None:
    plan, record = plan_of(count)
    found = runs(root)
    with RunWriter.resume(found[-1]) if found else RunWriter.create(root, plan) as run:
        done = run.done_ids()
        for job in (job for job in run.info.jobs if job.id not in done):
            folder = run.partial(job.id)
            folder.journal.write_text("".join(f'{{"seq":{n}}}\n' for n in range(50)))
            folder.outputs.write_bytes(os.urandom(5000))
            filed = msgspec.structs.replace(
                record, job_id=job.id, job=job, raw_sha256=folder.raw_sha256()
            )
            run.file(folder, filed)


def _die_at(number: int) -> None:
    state = SimpleNamespace(count=0)

    def count(event: str, args: tuple[object, ...]) -> None:
        is_reading = event == "open" and isinstance(args[2], int) and not args[2] & os.O_ACCMODE
        if event in _CHANGES and not is_reading:
            state.count += 1
            if state.count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    if "--die-at" in sys.argv:
        _die_at(int(sys.argv[4]))
    print("ready", flush=True)
    file_all(Path(sys.argv[1]), int(sys.argv[2]))
