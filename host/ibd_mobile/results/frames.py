"""Archives as pandas frames, for people who go on in Python: `ibd_mobile.load`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from ibd_mobile.core.errors import InputError
from ibd_mobile.results import database, relations, run_root
from ibd_mobile.results.archive import Run
from ibd_mobile.results.query import Column, Database
from ibd_mobile.results.relations import Filed


@dataclass
class Frames:
    """What lies in one run or in a folder of runs, read when it is first asked for.

    Numbers are in SI units, and each column's name ends in its unit.
    """

    filed: list[Filed] = field(repr=False)

    @property
    def runs(self) -> list[str]:
        """Ids of the runs."""
        return [one.run.info.id for one in self.filed]

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """A row per job; done ones have each metric as a column, with _low and _high beside it.

        A metric that is missing or was not asked for is NaN; `metrics` has the reason.
        """
        frame = pd.DataFrame(relations.jobs(self.filed))
        if self.metrics.empty:
            return frame
        wide = self.metrics.pivot(index=["run", "job"], columns="metric")
        parts = [wide["value"], *(wide[e].add_suffix(f"_{e}") for e in ("low", "high"))]
        order = [f"{n}{end}" for n in self._names() for end in ("", "_low", "_high")]
        numbers = pd.concat(parts, axis=1)[order].reset_index()
        return frame.merge(numbers, on=["run", "job"], how="left", validate="one_to_one")

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """A row per metric of a job, with its interval, its findings, or why it is missing."""
        return pd.DataFrame(relations.metrics(self.filed))

    @cached_property
    def findings(self) -> pd.DataFrame:
        """A row per finding of a job."""
        return pd.DataFrame(relations.findings(self.filed))

    @cached_property
    def inferences(self) -> pd.DataFrame:
        """A row per inference: its phase, start and end on the device's clock, duration."""
        with Database() as tables:
            database.add_inferences(tables, relations.inference_files(self.filed))
            return _frame(tables.arrays("FROM inferences ORDER BY run, job, start_ns"))

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row per sample of power and each sensor; `unit` tells the unit of `value`."""
        with Database() as tables:
            database.add_samples(tables, relations.sample_files(self.filed))
            return _frame(tables.arrays("FROM samples ORDER BY run, job, sensor, t_ns"))

    def trace(self, job: str, run: str | None = None) -> pd.DataFrame:
        """Return power and sensors of one job side by side, over boot time in ns.

        Each sensor is read at its own moments: `trace["power_w"].dropna()` is one of them alone.

        Args:
            job: its id.
            run: its run's id; needed where several runs have that job.

        Raises:
            InputError: there is no such job, or there are several.
        """
        fits = self.samples[self.samples["job"] == job]
        fits = fits if run is None else fits[fits["run"] == run]
        if fits["run"].nunique() != 1:
            known = ", ".join(sorted(self.samples["job"].unique()))
            found = "is in several runs" if len(fits) else "has no samples"
            raise InputError(f"job '{job}'", found, f"Name its run too. Jobs: {known}")
        return fits.assign(
            column=[
                s if s.endswith(f"_{u}") else f"{s}_{u}"
                for s, u in zip(fits["sensor"], fits["unit"], strict=True)
            ]
        ).pivot(index="t_ns", columns="column", values="value")

    def _names(self) -> list[str]:
        return list(dict.fromkeys(self.metrics["metric"]))


def load(path: str | Path) -> Frames:
    """Read a run, or all runs of a folder, as pandas frames.

    Args:
        path: folder of a run, or of runs.

    Raises:
        InputError: there is no run.
        DataError: one is damaged.
    """
    folder = Path(path)
    if not (folder / "run.json").is_file():
        run_root.latest(folder)  # says so where there is none
        return Frames([Filed.read(Run.open(found)) for found in run_root.runs(folder)])
    return Frames([Filed.read(Run.open(folder))])


def _frame(columns: Mapping[str, Column]) -> pd.DataFrame:
    return pd.DataFrame(dict(columns))
