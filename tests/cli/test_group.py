import subprocess
import sys

import pytest

from ibd_mobile.cli.group import COMMANDS, load

from .conftest import Command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    assert load(name).help.split("\n\n")[0].replace("\n", " ") == COMMANDS[name]


def test_the_list_of_commands_says_each_whole(ibd: Command) -> None:
    said = " ".join(ibd("--help").out.split())
    assert [text for text in COMMANDS.values() if text not in said] == []


def test_only_the_file_of_the_command_that_runs_is_imported() -> None:
    code = (
        "import sys; from ibd_mobile.cli.app import main; sys.argv = ['ibd-mobile', 'sim', '-h']\n"
        "try: main()\n"
        "except SystemExit: print(*(m for m in sys.modules if m.startswith('ibd_mobile.cli.')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(said.stdout.splitlines()[-1].split())
    assert imported == {f"ibd_mobile.cli.{name}" for name in ("app", "group", "sim")}


def test_a_misspelt_command_is_answered_with_the_nearest(ibd: Command) -> None:
    said = ibd("reprot")
    assert (said.code, "'report'" in said.err) == (2, True)


def test_a_group_of_commands_has_the_same_options_as_the_whole(ibd: Command) -> None:
    assert "completion" not in ibd("sim", "-h").out
