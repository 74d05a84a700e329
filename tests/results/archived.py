"""A run with raw files, traces and records, as the fixtures of this folder make raw files."""

from pathlib import Path
from typing import Any

import msgspec

from ibd_mobile.bench.measure import record_of
from ibd_mobile.results.archive import Run
from ibd_mobile.results.run_writer import RunWriter

from .test_table import PLAN

replace = msgspec.structs.replace


def archive(root: Path, *made: Any) -> Run:
    """File jobs, each made by `make.Job(…)`, in a new run."""
    jobs = [raw.context.job for raw in made]
    with RunWriter.create(root, replace(PLAN, jobs=jobs, skips=[])) as writer:
        for number, raw in enumerate(made):
            folder = writer.partial(raw.context.job.id)
            raw_files = raw.file(root / f".raw-{number}")
            for path in raw_files.raw.iterdir():
                path.rename(folder.raw / path.name)
            writer.file(folder, record_of(folder))
    return Run.open(writer.path)
