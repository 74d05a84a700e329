import json

import pytest

from ibd_mobile.cli import console


@pytest.fixture(autouse=True)
def _fresh() -> None:
    console.out.cache_clear()
    console.err.cache_clear()


def test_a_long_line_stays_one_line_where_no_terminal_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "word " * 60 + "end"
    console.say(text)
    assert capsys.readouterr().err == f"{text}\n"


def test_progress_is_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("left out: [red] of [/nothing] :smile:")
    assert capsys.readouterr().err == "left out: [red] of [/nothing] :smile:\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("text", quiet=True)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_results_and_progress_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    console.out().print("a result")
    console.say("progress")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("a result\n", "progress\n")


def test_json_is_readable_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"µ": [1, None]})
    text = capsys.readouterr().out
    assert "µ" in text
    assert text.endswith("}\n")
    assert json.loads(text) == {"µ": [1, None]}


def test_output_that_is_no_terminal_has_neither_colours_nor_narrow_tables() -> None:
    assert not console.out().is_terminal
    assert console.out().width == 120
