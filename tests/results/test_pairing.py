import pytest

from ibd_mobile.core.errors import InputError, ValidityError
from ibd_mobile.core.record import Record
from ibd_mobile.results.key import REPEAT
from ibd_mobile.results.pairing import pair, studied
from ibd_mobile.results.selection import parse
from ibd_mobile.results.side import Side

from .compared import FLOAT, cleared, real, side, with_job, with_precision

F = cleared(FLOAT)
Q = with_precision(F)
ALL = parse("r")


def models(record: Record, *names: str, run: str = "run") -> list[Side]:
    return [side(with_job(record, model=name), run=run) for name in names]


def test_every_configuration_finds_its_partner() -> None:
    a, b = models(F, "x", "y", "z"), models(Q, "z", "x", "w")
    made = pair(a, b, "precision")
    assert [[(p.main.job.model, q.main.job.model) for p, q in group] for group in made.pairs] == [
        [("x", "x")],
        [("z", "z")],
    ]
    assert [(which, s.main.job.model) for which, s in made.alone] == [("A", "y"), ("B", "w")]


def test_one_stands_against_each_other_value() -> None:
    made = pair([side(F)], [side(Q), side(with_precision(F, "float16")), side(F)], "precision")
    assert [g[0][1].main.job.precision for g in made.pairs] == ["int8", "float16"]


def test_repetitions_stand_against_each_other_in_order() -> None:
    a = [side(with_job(F, seed=seed), run="a") for seed in (1, 2, 3)]
    b = [side(with_job(F, seed=seed), run="b") for seed in (1, 2)]
    made = pair(a, b, REPEAT)
    assert [[(p.main.job.seed, q.main.job.seed) for p, q in g] for g in made.pairs] == [
        [(1, 1), (2, 2)]
    ]
    assert made.alone == [("A", a[2])]


def test_nothing_repeats_itself() -> None:
    with pytest.raises(ValidityError, match="A and B are the same measurement"):
        pair([side(F)], [side(F)], REPEAT)


def test_without_a_pair_the_nearest_is_told_with_what_keeps_it_apart() -> None:
    far = with_job(Q, threads=4, batch=8, model="other")
    with pytest.raises(ValidityError, match=r"as to precision: they also differ in batch \(1 / 8"):
        pair([side(F)], [side(far), side(with_job(Q, batch=8))], "precision")


def test_simulated_finds_no_real_partner() -> None:
    with pytest.raises(ValidityError, match="A is SIMULATED and the other is not"):
        pair([side(F)], [side(real(Q))], "precision")


def test_a_comparison_is_about_what_is_asked() -> None:
    assert studied([side(F)], [side(Q)], "precision", ALL, ALL) == "precision"
    with pytest.raises(InputError, match="Did you mean 'precision'"):
        studied([side(F)], [side(Q)], "precisoin", ALL, ALL)


def test_or_about_what_the_filters_differ_in() -> None:
    a, b = parse("r:precision=float32,threads=1"), parse("r:precision=int8,threads=1")
    assert studied([side(F)], [side(Q)], None, a, b) == "precision"


def test_or_about_what_the_data_differ_in() -> None:
    assert studied([side(F)], [side(Q)], None, ALL, ALL) == "precision"
    assert studied([side(F)], [side(with_job(F, seed=5))], None, ALL, ALL) == REPEAT


def test_where_the_data_differ_in_several_one_has_to_be_named() -> None:
    b = [side(Q), side(with_job(F, threads=4))]
    with pytest.raises(InputError, match="could be about precision, threads"):
        studied([side(F)], b, None, ALL, ALL)


def test_where_no_two_differ_in_one_thing_that_is_told() -> None:
    with pytest.raises(ValidityError, match=r"they differ in .*precision.*threads"):
        studied([side(F)], [side(with_job(Q, threads=4))], None, ALL, ALL)
