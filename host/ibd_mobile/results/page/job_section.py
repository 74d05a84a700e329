"""One job of the page: its inferences, power and sensors over time, its gates and findings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.record import Record
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results import timeline
from ibd_mobile.results.change_point import change_points
from ibd_mobile.results.chart.drawing import Drawing
from ibd_mobile.results.chart.job import job
from ibd_mobile.results.figure import figure
from ibd_mobile.results.key import is_simulated
from ibd_mobile.results.relations import Filed
from ibd_mobile.results.stats import median, percentile
from ibd_mobile.results.timeline import Timeline

_CHANGES_COUNT = 3  #: so many changes of pace are told


@dataclass(frozen=True, slots=True)
class Phase:
    """The inferences of one phase in numbers."""

    name: str
    count: int
    median: str
    spread: str  #: from the 5th to the 95th percentile


@dataclass(frozen=True, slots=True)
class Section:
    """What the template needs of one job."""

    run: str
    record: Record
    drawing: Markup
    phases: list[Phase]
    changes: list[str]
    figures: list[tuple[str, str]]  #: (name, printed) of all metrics that are there


@dataclass(frozen=True, slots=True)
class Sections:
    """The jobs that are drawn, and how many are not."""

    sections: list[Section]
    others_count: int


def sections(filed: Sequence[Filed], drawn: Collection[str] | None, limit_count: int) -> Sections:
    """Read and draw jobs: those named, or the first measuring ones.

    Raises:
        InputError: a named job is not done.
        DataError: a trace is damaged.
    """
    chosen = choose(filed, drawn, limit_count)
    others_count = sum(len(one.records) for one in filed) - len(chosen)
    return Sections([_section(one, record) for one, record in chosen], others_count)


def choose(
    filed: Sequence[Filed], drawn: Collection[str] | None, limit_count: int
) -> list[tuple[Filed, Record]]:
    """Choose the jobs to be drawn: those named, or the first measuring ones.

    Raises:
        InputError: a named job is not done.
    """
    known = [(one, record) for one in filed for record in one.records]
    if drawn is None:
        return [pair for pair in known if pair[1].job.kind == "measure"][:limit_count]
    chosen = [pair for pair in known if pair[1].job_id in drawn]
    for id in set(drawn) - {record.job_id for _, record in chosen}:
        raise InputError(f"job '{id}'", "is not done in these runs", "See `ibd-mobile report`.")
    return chosen


def drawing(found: Timeline) -> Drawing | None:
    """Draw a job over time, or return None where nothing was read."""
    record, svg = found.record, job(found)
    if not svg:
        return None
    told = ["SIMULATED."] if is_simulated(record) else []
    told += ["Shaded: idle baselines, timed runs, power phase."]
    return Drawing(f"job-{record.job_id}", record.job.title, svg, " ".join(told))


def _section(one: Filed, record: Record) -> Section:
    found = timeline.read(one.run, record.job_id)
    drawn = drawing(found)
    return Section(
        run=one.run.info.id,
        record=record,
        # what it was made of was escaped when it was drawn
        drawing=Markup(drawn.for_page() if drawn else ""),  # noqa: S704
        phases=_phases(found),
        changes=_changes(found),
        figures=[(m.name, str(figure(m))) for m in record.metrics if m.value is not None],
    )


def _phases(found: Timeline) -> list[Phase]:
    phases = []
    for trace in found.phases:
        durations_ms = (trace.duration_ns * S_PER_NS * 1000).tolist()
        low, high = (percentile(durations_ms, q) for q in (5, 95))
        phases.append(
            Phase(
                trace.phase,
                len(durations_ms),
                f"{median(durations_ms):.4g} ms",
                f"{low:.4g}–{high:.4g} ms",
            )
        )
    return phases


def _changes(found: Timeline) -> list[str]:
    """Tell where the pace of sustained inferences changes for good."""
    trace = next((trace for trace in found.phases if trace.phase == "power"), None)
    if trace is None:
        return []
    told = []
    points = change_points(trace.duration_ns)
    for point in points[:_CHANGES_COUNT]:
        after_s = (trace.start_ns[point.index] - trace.start_ns[0]) * S_PER_NS
        change, word = (
            (point.ratio - 1, "slower") if point.ratio > 1 else (1 - point.ratio, "faster")
        )
        told.append(
            f"from inference {point.index}, {after_s:.3g} s into the power phase,"
            f" inferences are {change:.0%} {word}"
        )
    more = len(points) - _CHANGES_COUNT
    return [*told, f"and {more} more changes"] if more > 0 else told
