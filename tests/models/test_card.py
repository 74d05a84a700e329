"""The TOML that is written says what was given."""

import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=20)
VALUES = st.one_of(
    WORDS, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, width=32)
)


def test_the_recorded_toml_is_what_the_script_writes(card: ModuleType, mini: Path) -> None:
    text = (mini / "shapes_classifier.toml").read_text(encoding="utf-8")
    assert card.to_toml(tomllib.loads(text)) == text


@given(value=VALUES, held=st.lists(VALUES, max_size=3))
def test_what_is_written_reads_back(card: ModuleType, value: object, held: list[object]) -> None:
    table = {
        "plain": value,
        "list": held,
        "block": {"inner": value, "tables": [{"deep": value}]},
        "blocks": [{"first": value, "nested": {"deep": held}}, {"second": value}],
    }
    assert tomllib.loads(card.to_toml(table)) == table


@pytest.mark.parametrize(
    ("value", "n", "expected"),
    # Newcombe 1998, table I, method 3.
    [(81 / 263, 263, (0.2553, 0.3662)), (15 / 148, 148, (0.0624, 0.1605)), (0.0, 20, (0, 0.1611))],
)
def test_intervals_are_the_published_ones(
    card: ModuleType, value: float, n: int, expected: tuple[float, float]
) -> None:
    assert card.interval(value, n) == pytest.approx(expected, abs=5e-5)
