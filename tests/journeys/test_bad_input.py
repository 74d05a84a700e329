"""What a person wrote wrong is named, with the nearest thing that exists."""

from pathlib import Path

import pytest

from ibd_mobile.sim.phone import Phone
from tests.journeys.conftest import Command


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--device", "sd885", "--sim"), "simulated phone 'sd885': does not exist\n  Did you mean"),
        (("--device", "host_cpu", "--model", "shape_classifier"), "Did you mean 'shapes_"),
        (("--device", "host_cpu", "--precision", "fp32"), "precision 'fp32': does not exist"),
        (("--device", "host_cpu", "--framework", "tensorflow_lite"), "framework 'tensorflow_lite'"),
        (("--device", "host_cpu", "--processor", "tpu"), "processor 'tpu'"),
        (("--device", "host_cpu", "--protocol", "idb"), "Did you mean 'ibd'?"),
        (("--device", "host_cpu", "--study", "shape"), "Did you mean 'shapes'?"),
        (("--device", "host_cpu", "--processor", "gpu"), "no job can be run here: "),
    ],
)
def test_an_unknown_name_offers_the_nearest(
    ibd: Command, words: tuple[str, ...], text: str
) -> None:
    said = ibd("run", *words)
    assert said.code == 3
    assert text in said.err
    assert "error: " in said.err


def test_an_unknown_format_offers_those_there_are(ibd: Command) -> None:
    assert ibd("run", "--device", "host_cpu", "--protocol", "brisk").code == 0
    said = ibd("report", "--format", "markdwon")
    assert said.code == 3
    assert "Did you mean 'markdown'?" in said.err


def test_an_unknown_run_is_refused(ibd: Command) -> None:
    said = ibd("report")
    assert said.code == 3
    assert "holds no runs" in said.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema = 1\nid = ", ":2:6: is not TOML"),
        ('schema = 1\nid = "s"\nmodel = []', "unknown key"),
        ('schema = 1\nid = "s"\nname = "s"\nmodels = "x"', "models: expected a list"),
    ],
)
def test_a_broken_study_is_named_with_place_and_expectation(
    ibd: Command, tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    said = ibd("run", "--device", "host_cpu", "--study", str(path))
    assert said.code == 3
    assert str(path) in said.err
    assert expected in said.err


def test_an_option_that_is_no_number_is_a_usage_error(ibd: Command) -> None:
    assert ibd("run", "--device", "host_cpu", "--threads", "many").code == 2


def test_a_knob_that_does_not_exist_is_named(ibd: Command, phone: Phone) -> None:
    said = ibd("sim", "up", "sd855", "--knob", "batery_pct=3")
    assert said.code == 3
    assert "batery_pct" in said.err
