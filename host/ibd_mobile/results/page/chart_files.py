"""Every chart of the page as a file of its own, for papers and other pages."""

from collections.abc import Collection, Iterator, Sequence

from ibd_mobile.results import sheet_chart, study_chart, timeline
from ibd_mobile.results.chart.drawing import Drawing, slug
from ibd_mobile.results.page import job_section
from ibd_mobile.results.relations import Filed
from ibd_mobile.results.sheet import Sheet, sheets
from ibd_mobile.results.table import rows

_LINES = (
    "Lines across marks: 95 % intervals; an arrow: it goes on; no line: no interval can be told"
)


def chart_files(
    filed: Sequence[Filed], drawn: Collection[str] | None, drawn_count: int
) -> dict[str, str]:
    """Draw all charts; the same run gives the same files under the same names.

    Args:
        filed: runs, at least one.
        drawn: ids of jobs to draw over time; None = the first measuring ones.
        drawn_count: how many these are at most.

    Returns:
        Name of a file -> its content.

    Raises:
        InputError: a job to be drawn is not done.
        DataError: a trace is damaged.
    """
    found: dict[str, str] = {}
    for name, drawing, about in (*_of_sheets(filed), *_of_jobs(filed, drawn, drawn_count)):
        number, free = 2, name
        while f"{free}.svg" in found:  # two runs of one study, or two phones of one kind
            number, free = number + 1, f"{name}-{number}"
        found[f"{free}.svg"] = drawing.for_file(about)
    return found


def _of_sheets(filed: Sequence[Filed]) -> Iterator[tuple[str, Drawing, str]]:
    for one in filed:
        study = one.run.info.study
        for sheet in sheets(rows(one.records, one.run.info.jobs, one.failures)):
            about = _about(sheet, one.run.info.id)
            prefix = slug(f"{study.id} {sheet.rows[0].job.device} {sheet.rows[0].application}")
            of_study = study_chart.drawings(sheet, study.variable)
            for drawing in (*of_study, *sheet_chart.drawings(sheet)):
                yield f"{prefix}-{drawing.name}", drawing, about


def _of_jobs(
    filed: Sequence[Filed], drawn: Collection[str] | None, drawn_count: int
) -> Iterator[tuple[str, Drawing, str]]:
    for one, record in job_section.choose(filed, drawn, drawn_count):
        drawing = job_section.drawing(timeline.read(one.run, record.job_id))
        if drawing is not None:
            device = f"{record.hardware.device_name} ({record.job.device})"
            about = f"Measured on {device}. Run {one.run.info.id}."
            yield drawing.name, drawing, about


def _about(sheet: Sheet, run: str) -> str:
    hardware = sheet.rows[0].hardware
    device = f"Measured on {hardware.device_name} ({hardware.device})"
    parts = (
        device,
        sheet.shared,
        sheet.protocol,
        _LINES,
    )
    return ". ".join(part for part in (*parts, f"Run {run}.") if part)
