"""`ibd-mobile compare`: two measurements, if they may be compared, and what their difference is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ibd_mobile.cli.run import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.text import Text

    from ibd_mobile.results.archive import Run
    from ibd_mobile.results.compare import Comparison
    from ibd_mobile.results.outcome import Outcome
    from ibd_mobile.results.pairing import Pairing
    from ibd_mobile.results.selection import Selection
    from ibd_mobile.results.side import Side

_A = "Run id or folder, whole or in part: RUN:precision=int8,threads=4."


def compare(
    a: Annotated[str, typer.Argument(help=_A)],
    b: Annotated[str, typer.Argument(help="What is set against it.")],
    by: Annotated[
        str | None,
        typer.Option("--by", help="What is under study: precision, framework, threads, repeat …"),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", help="Id of a finding that does not stand in the way."),
    ] = None,
    fail_if_slower: Annotated[
        str | None,
        typer.Option("--fail-if-slower", help="End with 10 if B is slower by more, as in 5%."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    runs: Runs = Path("runs"),
) -> None:
    """Compare two measurements that differ in one thing; refuse all others."""
    from ibd_mobile.cli import console
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.core.finding import FindingId
    from ibd_mobile.core.registry import unknown
    from ibd_mobile.results import compare as comparing
    from ibd_mobile.results import pairing, regression, selection

    known = FindingId.__args__  # type: ignore[attr-defined]
    for id in allow or ():
        if id not in known:
            raise unknown("finding", id, known)
    limit = None if fail_if_slower is None else regression.limit_ratio(fail_if_slower)
    comparing.check_allowed(allow or ())
    wanted = selection.parse(a), selection.parse(b)
    opened = [_opened(part, runs) for part in wanted]
    sides_a, sides_b = (_sides(part, run) for part, run in zip(wanted, opened, strict=True))
    if a == b:
        raise InputError(a, "is named twice", "Name two runs, or two parts of one.")
    about = pairing.studied(sides_a, sides_b, by, *wanted)
    pairs = pairing.pair(sides_a, sides_b, about)
    read = _outcomes(opened)
    made = [comparing.compare(group, about, allow or (), read) for group in pairs.pairs]
    if json:
        console.print_json(_document(made, pairs))
    else:
        _print(made, pairs)
    _finish(made, limit)


def _opened(part: "Selection", runs: Path) -> "Run":
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.results.archive import Run

    return Run.open(run_folder(part.run or None, runs))


def _sides(part: "Selection", run: "Run") -> "list[Side]":
    from ibd_mobile.results.side import sides

    return part.choose(sides(run.info.id, run.records()))


def _outcomes(opened: "Iterable[Run]") -> "Callable[[Side], Outcome | None]":
    """Return what reads a side's accuracy job picture by picture, each once."""
    from functools import cache

    from ibd_mobile.results.outcome import outcome_of

    by_id = {run.info.id: run for run in opened}

    @cache
    def read(run_id: str, job_id: str) -> "Outcome | None":
        run = by_id[run_id]
        return outcome_of(run.job_folder(job_id), run.record(job_id))

    def of(side: "Side") -> "Outcome | None":
        record = side.records.get("accuracy")
        return None if record is None else read(side.run, record.job_id)

    return of


def _document(made: "list[Comparison]", pairs: "Pairing") -> object:
    import msgspec

    return {
        "schema": 1,
        "by": pairs.by,
        "comparisons": msgspec.to_builtins(made),
        "alone": [
            {"side": which, "run": side.run, "job": side.main.job_id} for which, side in pairs.alone
        ],
    }


def _print(made: "list[Comparison]", pairs: "Pairing") -> None:
    from ibd_mobile.cli import console

    for number, comparison in enumerate(made):
        if number:
            typer.echo()
        _print_one(comparison)
    for which, side in pairs.alone:
        console.say(f"no partner: {side.main.job.title} of {side.run} ({which})")


def _print_one(comparison: "Comparison") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from ibd_mobile.cli import console
    from ibd_mobile.results import compare_text as text
    from ibd_mobile.results.table import GROUP_TITLES

    out = console.out()
    jobs = [
        f"{which}: run {run}, job {', '.join(jobs)}"
        for which, run, jobs in (
            ("A", comparison.run_a, comparison.jobs_a),
            ("B", comparison.run_b, comparison.jobs_b),
        )
    ]
    lines = [text.headline(comparison), comparison.title, *jobs, text.follows(comparison)]
    for line in [*lines, *comparison.notes]:
        if line:
            out.print(_text(line))
    reasons: dict[str, int] = {}
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="")
    for title in ("", "A\nB", "B against A"):
        table.add_column(title, no_wrap=True)
    table.add_column("", min_width=13)
    for metric in comparison.metrics:
        if not (label := text.label(metric)):
            continue
        numbers = [text.number(metric, metric.a), text.number(metric, metric.b)]
        said = text.verdict(metric)
        if reason := text.reason(metric):
            said += f" {reasons.setdefault(reason, len(reasons) + 1)}".translate(text.RAISED)
        cells = [f"{GROUP_TITLES[metric.group]}\n  {label}", "\n".join(numbers)]
        table.add_row(*(_text(cell) for cell in [*cells, text.change(metric), said]))
    out.print(table)
    for reason, number in reasons.items():
        out.print(_text(f"{str(number).translate(text.RAISED)} {reason}"))


def _text(cell: str) -> "Text":
    """Keep our own line breaks, and make what else is no plain character visible."""
    from rich.text import Text

    from ibd_mobile.results.report._heading import printable

    return Text("\n").join(Text(printable(line)) for line in cell.split("\n"))


def _finish(made: "list[Comparison]", limit: float | None) -> None:
    """End with 10 for a regression, with 7 where a finding forbade a metric."""
    from ibd_mobile.cli import console
    from ibd_mobile.core.errors import ExitCode, ValidityError
    from ibd_mobile.results import compare_text as text
    from ibd_mobile.results import regression

    found = regression.judge(made, limit) if limit is not None else []
    for one in found:
        if one.judgement != "within the limit":
            where = f"{one.comparison.title}, {text.label(one.metric) or one.metric.name}"
            how_much = text.change(one.metric).splitlines()[0]
            console.say(f"{one.judgement}: {where}: {how_much}, limit {limit:.1%}")
    if any(one.judgement == "slower" for one in found):
        raise typer.Exit(ExitCode.REGRESSION)
    ids = sorted({id for c in made for metric in c.metrics for id in metric.refused_by})
    if ids:
        allowed = [id for id in ids if id != "ACCURACY-LOST"]
        remedy = " ".join(f"--allow {id}" for id in allowed)
        raise ValidityError(
            "comparison",
            f"some metrics are spoiled by {', '.join(ids)}",
            f"Measure again, or say {remedy}." if allowed else "Measure what is right.",
        )
