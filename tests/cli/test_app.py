import subprocess
import sys

import pytest

from ibd_mobile.core.version import VERSION

from .conftest import Command


def test_the_version_is_told(ibd: Command) -> None:
    said = ibd("--version")
    assert (said.code, said.out) == (0, f"ibd-mobile {VERSION}\n")


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_names_every_command(ibd: Command, word: str) -> None:
    said = ibd(word)
    assert said.code == 0
    for name in ("run", "resume", "report", "reparse", "devices", "models", "doctor", "sim"):
        assert f"  {name} " in said.out


@pytest.mark.parametrize(
    "name", ["run", "resume", "report", "reparse", "devices", "models", "doctor", "sim"]
)
def test_every_command_explains_itself(ibd: Command, name: str) -> None:
    said = ibd(name, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: ibd-mobile ")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("rnu",), "No such command 'rnu'"),
        (("report", "--fromat", "csv"), "No such option: --fromat"),
        (("run", "--device"), "requires an argument"),
    ],
)
def test_a_misspelt_command_line_is_a_usage_error(
    ibd: Command, words: tuple[str, ...], text: str
) -> None:
    said = ibd(*words)
    assert said.code == 2
    assert text in said.err
    assert said.out == ""


def test_without_words_the_help_is_shown(ibd: Command) -> None:
    said = ibd()
    assert "Commands:" in said.out + said.err


def test_an_error_has_subject_fact_and_remedy_and_no_traceback(ibd: Command) -> None:
    said = ibd("report", "--runs", "/nowhere")
    assert said.code == 3
    assert said.err == ("error: /nowhere: holds no runs\n  Make one with `ibd-mobile run`.\n")


def test_a_reader_that_goes_away_is_no_bug() -> None:
    script = "import sys; from ibd_mobile.cli.app import main; sys.argv[0] = 'ibd-mobile'; main()"
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" models --json | head -c 1', sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{"
    assert "Traceback" not in done.stderr
