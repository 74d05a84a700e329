"""TOMLs read back as written, and a verdict is said of every figure."""

import tomllib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibd_remaking import card, packing, verdict
from msgspec.structs import replace

from ibd_mobile.core.model import Model, ReferenceAccuracy

MINI = Path(__file__).resolve().parents[2] / "models" / "mini"
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=20)
VALUES = st.one_of(
    WORDS, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, width=32)
)


@given(value=VALUES, held=st.lists(VALUES, max_size=3), key=WORDS)
def test_what_is_written_reads_back(value: object, held: list[object], key: str) -> None:
    table = {
        "plain": value,
        "list": held,
        "inline": [{key: value, "deep": {"deeper": held}}],
        "block": {"inner": value, "sub": {"tables": [{"deep": value}]}},
        "variants": [{"artifacts": [{"deep": value, "sub": {"x": held}}]}, {"second": value}],
    }
    assert tomllib.loads(card.to_toml(table)) == table


@pytest.fixture
def model() -> Model:
    return card.read(MINI / "shapes_classifier.toml")


def with_figures(model: Model, figures: list[ReferenceAccuracy]) -> Model:
    variant = model.variants[0]
    artifact = replace(variant.artifacts[0], reference=figures)
    return replace(model, variants=[replace(variant, artifacts=[artifact])])


def figure(value: float, low: float | None, high: float | None) -> ReferenceAccuracy:
    return ReferenceAccuracy(metric="top1", value=value, n=9, low=low, high=high, source="test")


@pytest.mark.parametrize(
    ("value", "words", "is_good"),
    [
        (0.8, "within 0.8000…0.9000", True),
        (0.9, "within 0.8000…0.9000", True),
        (0.79, "OUTSIDE 0.8000…0.9000", False),
        (0.91, "OUTSIDE 0.8000…0.9000", False),
    ],
)
def test_a_figure_is_held_against_the_recorded_interval(
    model: Model, value: float, words: str, is_good: bool
) -> None:
    recorded = with_figures(model, [figure(0.85, 0.8, 0.9)])
    (line,) = verdict.lines(with_figures(model, [figure(value, 0.0, 1.0)]), recorded)
    assert (line.words, line.is_good) == (words, is_good)
    assert line.is_same_file
    assert words in verdict.table([line])


def test_a_figure_without_a_record_is_not_good(model: Model) -> None:
    made = with_figures(model, [figure(0.85, 0.8, 0.9)])
    for recorded in (with_figures(model, []), replace(model, variants=[])):
        (line,) = verdict.lines(made, recorded)
        assert (line.words, line.is_good) == ("nothing recorded", False)


def test_a_figure_that_nothing_bounds_decides_nothing(model: Model) -> None:
    made = with_figures(model, [figure(0.85, None, None)])
    assert list(verdict.lines(made, made)) == []


def test_a_packed_archive_holds_the_same_and_no_date(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    content = {"x/graph.json": b"{}" * 999, "x/weights/w_0": b"\0" * 999, "x/empty": b""}
    with zipfile.ZipFile(path, "w") as archive:
        for name, held in content.items():
            archive.writestr(name, held)
    packing.pack(path, stored=("/weights/",))
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == content
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        weights = archive.getinfo("x/weights/w_0")
        assert weights.compress_type == zipfile.ZIP_STORED
    assert path.stat().st_size < 1999
    first = path.read_bytes()
    packing.pack(path, stored=("/weights/",))
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]
