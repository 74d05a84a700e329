import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.core import environment
from ibd_mobile.core.errors import InputError

HERE = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['numpy>=1']\n# ///\n"
AWAY = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['iniconfig==1.1.1']\n# ///\n"
SHOW = """
import sys, os, importlib.util
import ibd_mobile
print(sys.prefix)
print(sorted(os.listdir(os.path.dirname(os.path.dirname(ibd_mobile.__file__)))))
print([m for m in ('pandas', 'rich') if importlib.util.find_spec(m)])
"""


@pytest.fixture(autouse=True)
def _own_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def program(folder: Path, text: str) -> Path:
    path = folder / "program.py"
    path.write_text(text)
    return path


def said_by(path: Path) -> list[str]:
    start = environment.start(path)
    done = subprocess.run(
        start.argv, env=start.environment, check=True, capture_output=True, text=True, timeout=300
    )
    return done.stdout.splitlines()


def test_a_program_whose_needs_are_met_runs_in_this_python(tmp_path: Path) -> None:
    path = program(tmp_path, HERE + SHOW)
    assert not environment.start(path).is_own
    prefix, beside, _ = said_by(path)
    assert prefix == sys.prefix
    assert beside == "['ibd_mobile']"


def test_another_gets_an_environment_with_its_needs_and_nothing_of_ours_but_the_package(
    tmp_path: Path,
) -> None:
    version = "import importlib.metadata as m; print(m.version('iniconfig'))"
    path = program(tmp_path, AWAY + SHOW + version)
    assert environment.start(path).is_own
    prefix, beside, others, iniconfig = said_by(path)
    assert prefix != sys.prefix
    assert beside == "['ibd_mobile']"
    assert others == "[]"
    assert iniconfig == "1.1.1"


@pytest.mark.parametrize(
    ("python", "requirements", "lacking"),
    [
        ("<3.0", (), "Python <3.0"),
        ("", ("numpy<0.1",), "numpy<0.1"),
        ("", ("numpy", "absent; python_version < '3'"), ""),
        ("", ("absent",), "absent"),
    ],
)
def test_the_first_thing_that_is_lacking_is_named(
    python: str, requirements: tuple[str, ...], lacking: str
) -> None:
    assert environment.unmet(environment.Needs(python, requirements)) == lacking


def test_a_program_without_a_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say what it requires"):
        environment.start(program(tmp_path, "print(1)\n"))


def test_a_head_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has a head that is not TOML"):
        environment.needs(program(tmp_path, "# /// script\n# dependencies = [\n# ///\n"))


def test_a_labs_settings_of_pip_hold_for_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    path = program(tmp_path, AWAY)
    assert environment.start(path).environment["UV_FIND_LINKS"] == "/wheels"
    monkeypatch.setenv("UV_FIND_LINKS", "/others")
    assert environment.start(path).environment["UV_FIND_LINKS"] == "/others"
