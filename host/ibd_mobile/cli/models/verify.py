"""`ibd-mobile models verify`: convert, measure and count models anew, and say what differs."""

from typing import TYPE_CHECKING, Annotated

import typer

from ibd_mobile.cli.models.convert import Calibration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ibd_mobile.bench.trial import Trial
    from ibd_mobile.catalog.stock import Stock
    from ibd_mobile.core.model import Model


def verify(
    model: Annotated[
        list[str] | None, typer.Argument(help="Model ids; --mini names the small ones.")
    ] = None,
    mini: Annotated[
        bool, typer.Option("--mini", help="All models that travel with the package.")
    ] = False,
    untrained: Annotated[
        bool, typer.Option("--untrained", help="Random weights: conversions and costs only.")
    ] = False,
    calibration: Calibration = None,
) -> None:
    """Convert models every way there is, compare, measure accuracy, count, and print it all.

    Ends with 7 where a conversion departs from its source, an accuracy lies outside the recorded
    interval, or a count differs from a published one by more than conventions explain.
    """
    from ibd_mobile.bench import verification
    from ibd_mobile.bench.trial import Trial
    from ibd_mobile.catalog.stock import Stock
    from ibd_mobile.cli import console
    from ibd_mobile.cli.models import verdict
    from ibd_mobile.convert.make import Maker
    from ibd_mobile.core.errors import ExitCode

    stock = Stock.read()
    chosen = _chosen(stock, model or [], is_mini=mini)
    maker = Maker(
        say=lambda text: console.say(f"converting {text} …"), calibration_folder=calibration
    )
    found = list(verification.conversions(chosen, maker, is_untrained=untrained))
    console.out().print(verdict.of_conversions(found))
    is_good = bool(found) and not any(one.problem for one in found)
    counted = [a for one in chosen for a in verification.agreements(one, found)]
    if counted:
        console.out().print(verdict.of_agreements(counted))
        is_good &= all(one.is_within for one in counted)
    if not untrained:
        is_good &= _measure(chosen, stock, Trial(maker))
    console.out().print("all as stated" if is_good else "NOT all as stated", style="bold")
    if not is_good:
        raise typer.Exit(ExitCode.VALIDITY)


def _measure(chosen: "Sequence[Model]", stock: "Stock", trial: "Trial") -> bool:
    """Measure what has a data set; return whether all figures are the recorded ones."""
    from ibd_mobile.bench import twins, verification
    from ibd_mobile.cli import console
    from ibd_mobile.cli.models import verdict

    ids = [one.id for one in chosen if one.dataset is not None]
    if not ids:
        return True
    console.say("measuring accuracy on this computer …")
    measured = verification.accuracies(ids, stock, trial)
    console.out().print(verdict.of_accuracies(measured))
    is_good = all(one.is_within is not False for one in measured)
    if twins.MODEL in ids:
        console.say("comparing one set of weights in three training frameworks …")
        same = twins.compare(stock, trial)
        console.out().print(verdict.of_twins(same), soft_wrap=True)
        is_good &= same.is_same
    return is_good


def _chosen(stock: "Stock", ids: list[str], *, is_mini: bool) -> "list[Model]":
    from ibd_mobile.catalog import library
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.core.registry import unknown

    home = library.folder("models") / "mini"
    shipped = [m for m in stock.models.values() if library.model_folder(m) == home]
    if is_mini:
        return shipped
    if not ids:
        raise InputError("models verify", "was told no model", "Name some, or say --mini.")
    for id in ids:
        if id not in stock.models:
            raise unknown("model", id, stock.models)
    return [stock.models[id] for id in ids]
