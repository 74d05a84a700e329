import subprocess
import sys
from pathlib import Path

from ibd_mobile.frameworks._worker import LAUNCH


def launch(*words: str, flags: tuple[str, ...] = ("-P",)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, str(LAUNCH), *words],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_a_python_without_this_package_runs_a_worker() -> None:
    done = launch("litert", "--help", flags=("-P", "-S", "-E"))
    assert done.returncode == 0, done.stderr
    assert "--model-sha256" in done.stdout


def test_what_lies_beside_the_package_is_not_shown_to_the_worker(tmp_path: Path) -> None:
    package = LAUNCH.parents[1]
    (tmp_path / "ibd_mobile").symlink_to(package)
    (tmp_path / "stranger.py").write_text("")
    probe = tmp_path / "ibd_mobile" / "workers" / "launch.py"
    script = (
        "import runpy, sys; sys.argv = ['launch', 'loop']\n"
        f"runpy.run_path({str(probe)!r}, run_name='__main__')\n"
        "import importlib.util as u; print(u.find_spec('stranger'), 'ibd_mobile' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "None True\n"


def test_a_word_that_names_no_worker_is_refused() -> None:
    for word in ("nothing", "../cli/app", ""):
        done = launch(word)
        assert done.returncode == 1
        assert done.stderr == f"there is no worker '{word}'\n"
