"""What `models verify` found, as tables for people."""

from collections.abc import Sequence

from rich.table import Table

from ibd_mobile.bench.twins import Twins
from ibd_mobile.bench.verification import Accuracy, Conversion
from ibd_mobile.convert.agreement import Agreement
from ibd_mobile.core.units import BYTES_PER_MIB


def of_conversions(found: Sequence[Conversion]) -> Table:
    """Lay out conversions, one row each, with what the last step took and how alike it is."""
    table = Table("model", "from", "made", title="Conversions", box=None, pad_edge=False)
    for heading in ("MiB", "s", "peak MiB", "noise", "cosine", "top-1"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for one in found:
        wish = f"{one.wish.precision} {one.wish.format}"
        table.add_row(one.model, one.training_framework, wish, *_figures(one))
    return table


def _figures(one: Conversion) -> list[str]:
    if not one.stages:
        return ["–"] * 6 + [one.problem]
    stages = [kept.stage for kept in one.stages]
    last = stages[-1]
    worst = max(last.likeness, key=lambda like: like.noise_ratio, default=None)
    agreement = worst.top1_agreement_ratio if worst else None
    return [
        f"{last.size_bytes / BYTES_PER_MIB:.2f}",
        f"{sum(s.wall_s for s in stages):.1f}",
        f"{max(s.peak_bytes for s in stages) / BYTES_PER_MIB:.0f}",
        f"{worst.noise_ratio:.1e}" if worst else "–",
        f"{worst.cosine:.5f}" if worst else "–",
        f"{agreement:.0%}" if agreement is not None else "–",
        "same" if worst else "not compared: " + "; ".join(last.notes),
    ]


def of_agreements(counted: Sequence[Agreement]) -> Table:
    """Lay out our counts of multiply-adds beside published ones."""
    table = Table("model", "from", title="Multiply-adds", box=None, pad_edge=False)
    for heading in ("ours", "published", "difference"):
        table.add_column(heading, justify="right")
    table.add_column("counted by")
    table.add_column("verdict")
    for one in counted:
        table.add_row(
            one.model,
            one.training_framework,
            f"{one.ours.macs_count:,}",
            f"{one.published.macs_count:,}",
            f"{one.difference_pct:+.2f} %",
            one.published.counter,
            f"explained: {one.expected.why}" if one.is_within else "NOT explained",
        )
    return table


def of_accuracies(measured: Sequence[Accuracy]) -> Table:
    """Lay out accuracies with their intervals, beside the recorded ones."""
    table = Table(title="Accuracy", box=None, pad_edge=False)
    for heading in ("model", "from", "made", "run by", "metric"):
        table.add_column(heading, overflow="fold")
    table.add_column("measured", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("recorded", no_wrap=True)
    table.add_column("verdict")
    for one in measured:
        job, known = one.record.job, one.reference
        table.add_row(
            job.model,
            job.training_framework,
            job.precision,
            job.framework,
            one.metric.name,
            f"{one.metric.value:.4g} {_ends(one.metric.low, one.metric.high)}",
            str(one.metric.n),
            _ends(known.low, known.high) if known else "–",
            {True: "within", False: "OUTSIDE", None: "–"}[one.is_within],
        )
    return table


def of_twins(same: Twins) -> str:
    """Say in one sentence whether one set of weights says the same everywhere."""
    names = ", ".join(same.frameworks)
    return (
        f"One set of weights from {names}: the same top-1 in {same.agreeing_count} of"
        f" {same.samples_count} samples"
    )


def _ends(low: float | None, high: float | None) -> str:
    return f"[{low:.4g}–{high:.4g}]" if low is not None and high is not None else ""
