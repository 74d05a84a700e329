"""The folder of one job: what lies where in it."""

import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import sha256_of, sync_folder, write_atomic
from ibd_mobile.core.finding import Finding
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results import document


class MetricsDocument(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """The numbers alone: what `reparse` has to give again, byte for byte."""

    schema: Literal[1]
    job_id: str
    metrics: list[Metric]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Paths within the folder of a job, be it in the making or done."""

    path: Path
    job_id: str

    @property
    def raw(self) -> Path:
        """What the tools wrote, byte for byte; all else here is made from it."""
        return self.path / "raw"

    @property
    def context(self) -> Path:
        """What the session knew: core.context.Context."""
        return self.raw / "context.json"

    @property
    def journal(self) -> Path:
        """Journal of the measured program."""
        return self.raw / "journal.jsonl"

    @property
    def samples(self) -> Path:
        """Sensor readings."""
        return self.raw / "samples.tsv"

    @property
    def child(self) -> Path:
        """What the measured program printed, line by line with its time."""
        return self.raw / "child.tsv"

    @property
    def summary(self) -> Path:
        """The sampler's own account."""
        return self.raw / "sampler.json"

    @property
    def outputs(self) -> Path:
        """The network's outputs; not every job has them."""
        return self.raw / "outputs.bin"

    @property
    def truth(self) -> Path:
        """What the inputs of an accuracy job really show."""
        return self.raw / "truth.npy"

    @property
    def gates(self) -> Path:
        """One line per poll of a gate."""
        return self.raw / "gates.jsonl"

    @property
    def traces(self) -> Path:
        """Time series made from raw/."""
        return self.path / "traces"

    def trace(self, name: str) -> Path:
        """Return the path of one time series: "latency", "power" and so on."""
        return self.traces / f"{name}.parquet"

    @property
    def metrics(self) -> Path:
        """The numbers: MetricsDocument."""
        return self.path / "metrics.json"

    @property
    def record(self) -> Path:
        """All that is known of the job: core.record.Record; its presence means «done»."""
        return self.path / "record.json"

    def raw_sha256(self) -> dict[str, str]:
        """Hash everything under raw/: file name, with "/" between folders -> SHA-256.

        Raises:
            DataError: something there is neither a plain file nor a folder.
        """
        return {
            path.relative_to(self.raw).as_posix(): sha256_of(path) for path in plain_files(self.raw)
        }

    def write_results(self, record: Record) -> None:
        """Write metrics.json and then record.json, each whole.

        Raises:
            DataError: a metric has neither a finite value nor a reason why it has none.
            OSError: no space, no right.
        """
        for metric in record.metrics:
            numbers = [n for n in (metric.value, metric.low, metric.high) if n is not None]
            if (metric.value is None) != bool(metric.missing) or not all(map(isfinite, numbers)):
                problem = f"{metric.name} has neither one finite value nor a reason for none"
                remedy = "This is a bug of ibd-mobile: please report it; the raw files are kept."
                raise DataError(f"job {record.job_id}", problem, remedy)
        numbers_alone = MetricsDocument(
            schema=1, job_id=record.job_id, metrics=record.metrics, findings=record.findings
        )
        write_atomic(self.metrics, document.encode(numbers_alone))
        write_atomic(self.record, document.encode(record))

    def sync(self) -> None:
        """Force all files and folders in here to the disk."""
        for path in plain_files(self.path):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        for folder, _, _ in os.walk(self.path, topdown=False):
            sync_folder(Path(folder))


def plain_files(folder: Path) -> list[Path]:
    """List all files below a folder, sorted.

    Raises:
        DataError: something there is neither a plain file nor a folder; links are not followed.
    """
    found = []
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                remedy = "The archive holds plain files and folders only; take it out."
                raise DataError(str(path), "is a link or a device", remedy)
        found += [Path(place) / name for name in files]
    return sorted(found)
