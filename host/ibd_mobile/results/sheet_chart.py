"""Charts of one table: each metric of all its configurations."""

from collections.abc import Callable, Iterable, Sequence

from ibd_mobile.core.metric import Metric
from ibd_mobile.results.chart.dot import dot_of
from ibd_mobile.results.chart.dots import Line, dots
from ibd_mobile.results.chart.drawing import Drawing, capital, slug
from ibd_mobile.results.chart.quantity import Quantity
from ibd_mobile.results.sheet import Sheet
from ibd_mobile.results.sustained import sustained_latency
from ibd_mobile.results.table import Row

#: a chart of more lines than this is no longer read
LINES_COUNT = 40
Series = tuple[str, Callable[[Row], Metric]]


def drawings(sheet: Sheet) -> list[Drawing]:
    """Draw one chart per metric of which anything is known, or none where there are too many lines.

    Two of them set two figures side by side: burst and sustained, gross and net.
    """
    if len(sheet.rows) > LINES_COUNT:
        return []
    burst_and_sustained = (_of("burst", "latency_s"), ("sustained", sustained_latency))
    gross_and_net = (_of("gross", "power_gross_w"), _of("net of idle", "power_net_w"))
    accuracy = next(column for column in sheet.columns if column.group == "accuracy")
    wanted: list[tuple[str, str, Sequence[Series]]] = [
        ("time of one sample", "", burst_and_sustained),
        ("power", "", gross_and_net),
        ("energy efficiency", "samples", (_of("", "samples_per_j"),)),
        ("utilization, share of peak", "", (_of("", "utilization_ratio"),)),
        (f"accuracy, {accuracy.label}", "", (_of("", accuracy.name),)),
    ]
    drawn = [_drawing(sheet, *one) for one in wanted]
    return [one for one in drawn if one is not None]


def caption(sheet: Sheet, shown: Iterable[Metric]) -> str:
    """Say what must be read with these figures: whether they are simulated, what spoils them."""
    ids = dict.fromkeys(
        id for metric in shown if metric.value is not None for id in metric.spoiled_by
    )
    spoiling = [id for id in ids if id != "SIMULATED"]
    told = ["SIMULATED."] if sheet.simulated else []
    told += [f"Hollow: spoiled by {', '.join(spoiling)}."] if spoiling else []
    return " ".join(told)


def _of(title: str, name: str) -> Series:
    return title, lambda row: row.metric(name)


def _drawing(sheet: Sheet, title: str, of: str, series: Sequence[Series]) -> Drawing | None:
    found = [[take(row) for _, take in series] for row in sheet.rows]
    known = [metric for metrics in found for metric in metrics if metric.value is not None]
    if not known:
        return None
    lines = [
        Line(label, tuple(dot_of(metric, number) for number, metric in enumerate(metrics)))
        for label, metrics in zip(sheet.labels, found, strict=True)
    ]
    svg = dots(lines, Quantity(title, known[0].unit, of), [name for name, _ in series])
    return Drawing(slug(title), capital(title), svg, caption(sheet, known))
