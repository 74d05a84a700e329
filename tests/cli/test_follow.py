"""A run as a person at a terminal sees it: the real command under a pseudo-terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = "import sys; from ibd_mobile.cli.app import main; sys.argv[0] = 'ibd-mobile'; main()"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_a_terminal(
    *words: str, interrupt_at: str = "", columns: int = 100, no_color: bool = True
) -> tuple[int, str]:
    """Run a command with a terminal as stdout and stderr; return its code and all it drew."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "40", "TERM": "xterm"}
    if not no_color:
        environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    seen, deadline_s = b"", time.monotonic() + 60
    while time.monotonic() < deadline_s:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            seen += part
            if interrupt_at and interrupt_at.encode() in seen:
                process.send_signal(signal.SIGINT)
                interrupt_at = ""
    os.close(ours)
    return process.wait(timeout=10), seen.decode(errors="replace")


def test_a_terminal_gets_the_live_view_and_then_the_report(tmp_path: Path) -> None:
    code, seen = at_a_terminal("run", "--device", "host_cpu", "--study", "small")
    assert code == 0, seen
    assert "\x1b[" in seen, "nothing was drawn in place"
    assert "study" in seen
    assert "1/1" in seen
    assert seen.rindex("Latency") > seen.rindex("1/1")
    assert "✓ host_cpu shapes_classifier int8" in seen
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", seen), "NO_COLOR was set"


def test_ctrl_c_stops_in_order_and_tells_how_to_go_on(tmp_path: Path) -> None:
    """In colours, which are for those who have not set NO_COLOR."""
    words = ("--threads", "1", "--threads", "2", "--threads", "3")
    code, seen = at_a_terminal(
        "run",
        "-d",
        "host_cpu",
        "--study",
        "small",
        *words,
        interrupt_at="measuring",
        no_color=False,
    )
    assert code == 130, seen
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", seen)
    seen = _CONTROL.sub("", seen)
    assert "stopping: programs are ended, phones put back" in seen
    assert "stopped, phones put back; `ibd-mobile resume" in " ".join(seen.split())
    (run,) = (tmp_path / "runs").iterdir()
    assert not list((run / "jobs").glob(".*"))
    assert not (run / "failures").exists()


@pytest.mark.parametrize("words", [("report",), ("models",)])
def test_results_on_a_terminal_are_not_cut(words: tuple[str, ...], copied: Path) -> None:
    code, seen = at_a_terminal(*words, columns=80)
    assert code == 0
    assert "shapes_classifier" in seen
