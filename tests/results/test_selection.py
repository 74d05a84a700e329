import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.selection import parse

from .compared import ACCURACY, FLOAT, side, with_job, with_precision

SIDES = [side(FLOAT, ACCURACY), side(with_precision(FLOAT)), side(with_job(FLOAT, threads=4))]


@pytest.mark.parametrize(
    ("text", "run", "wanted"),
    [
        ("2026-01-01T00-00-00Z_x", "2026-01-01T00-00-00Z_x", {}),
        ("", "", {}),
        (":precision=int8", "", {"precision": {"int8"}}),
        ("a/b:threads=4,batch=1", "a/b", {"threads": {"4"}, "batch": {"1"}}),
        ("r:threads=4,threads=1", "r", {"threads": {"4", "1"}}),
        ("c:/odd:name", "c:/odd:name", {}),
        ("c:/odd:model=m", "c:/odd", {"model": {"m"}}),
        ("r:job=0123456789ab", "r", {"job": {"0123456789ab"}}),
    ],
)
def test_a_selection_is_a_run_and_a_filter(
    text: str, run: str, wanted: dict[str, set[str]]
) -> None:
    found = parse(text)
    assert (found.run, found.wanted) == (run, wanted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r:precison=int8", "Did you mean 'precision'"),
        ("r:precision=", "gives no value for precision"),
        ("r:kind=measure", "filter 'kind': does not exist"),
        ("r:threads=4,", "filter '': does not exist"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text)


def test_a_filter_keeps_what_fits() -> None:
    assert parse("r").choose(SIDES) == SIDES
    assert parse("r:precision=int8").choose(SIDES) == SIDES[1:2]
    assert parse("r:precision=float32,threads=4").choose(SIDES) == SIDES[2:]
    assert parse("r:threads=4,threads=1").choose(SIDES) == SIDES
    assert parse(f"r:job={ACCURACY.job_id}").choose(SIDES) == SIDES[:1]


def test_where_nothing_fits_the_values_that_there_are_are_named() -> None:
    with pytest.raises(InputError, match=r"There is precision: float32, int8\."):
        parse("r:precision=float16").choose(SIDES)
    with pytest.raises(InputError, match=f"job: {FLOAT.job_id}, {ACCURACY.job_id}"):
        parse("r:job=ffffffffffff").choose(SIDES)
    with pytest.raises(InputError, match="ibd-mobile resume"):
        parse("r").choose([])
