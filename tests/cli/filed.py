"""A run as it lies in the archive, out of records made to measure."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results import document
from ibd_mobile.results.run_info import RunInfo
from tests.results.test_table import PLAN


def file_run(runs: Path, id: str, records: Sequence[Record]) -> Path:
    """Write a run of these jobs, all done, without raw files and traces."""
    jobs = [record.job for record in records]
    info: RunInfo = msgspec.structs.replace(PLAN, id=id, jobs=jobs, skips=[])
    folder = runs / id
    for record in records:
        place = folder / "jobs" / record.job_id
        place.mkdir(parents=True)
        (place / "record.json").write_bytes(document.encode(record))
    (folder / "run.json").write_bytes(document.encode(info))
    return folder
