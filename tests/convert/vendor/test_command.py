import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.vendor._command import CHECK_STOP, Command, run, run_unchecked, telling_line
from ibd_mobile.core.errors import HostError, PayloadFailed, PayloadTimeout


def command(tmp_path: Path, body: str, **changes: Any) -> Command:
    """Make a command whose program is a line of Python; its file is `out/m.dlc`."""
    fields: dict[str, Any] = {
        "tool": "convert of SNPE SDK 2.10",
        "argv": [sys.executable, "-c", f"import sys, os, time\n{body}"],
        "folder": tmp_path / "out",
        "products": (tmp_path / "out" / "m.dlc",),
        "success": r"INFO_CONVERSION_SUCCESS",
    }
    return Command(**(fields | changes))


WRITE = "open('m.dlc', 'w').write('x')\n"
SAY = "print('INFO_CONVERSION_SUCCESS: done')\n"


def test_a_program_that_says_it_and_writes_the_file_is_believed(tmp_path: Path) -> None:
    said = run(command(tmp_path, WRITE + SAY))
    assert (said.code, said.output) == (0, "INFO_CONVERSION_SUCCESS: done\n")


def test_exit_status_0_without_the_success_text_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed) as caught:
        run(command(tmp_path, WRITE + "print('all quiet')"))
    assert caught.value.problem == "ended with 0 but never said that it succeeded: all quiet"


def test_the_success_text_without_the_file_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed, match=r"wrote no m\.dlc"):
        run(command(tmp_path, SAY))


def test_a_file_of_another_format_is_named_and_not_taken(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed, match=r"wrote no m\.dlc; m\.omc is there instead"):
        run(command(tmp_path, SAY + "open('m.omc', 'w').write('x')"))


def test_an_empty_file_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed, match=r"m\.dlc is empty"):
        run(command(tmp_path, SAY + "open('m.dlc', 'w')"))


def test_a_file_of_an_earlier_run_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "m.dlc").write_text("old")
    with pytest.raises(PayloadFailed, match=r"wrote no m\.dlc"):
        run(command(tmp_path, SAY))


def test_a_link_is_not_taken_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    with pytest.raises(PayloadFailed, match=r"wrote no m\.dlc"):
        run(command(tmp_path, SAY + "os.symlink('../elsewhere', 'm.dlc')"))


def test_words_and_file_do_not_outweigh_an_exit_status(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed) as caught:
        run(command(tmp_path, WRITE + SAY + "sys.exit(3)"))
    assert caught.value.code == 3
    assert caught.value.problem.startswith("ended with 3: ")


def test_a_crash_is_told_as_a_shell_would(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed) as caught:
        run(command(tmp_path, "os.kill(os.getpid(), 11)"))
    assert caught.value.code == 139
    assert caught.value.problem == "ended with 139: without a word"


def test_the_line_that_says_why_is_shown_and_the_rest_is_kept(tmp_path: Path) -> None:
    body = "for n in range(300): print('noise', n)\nprint('ERROR - op Foo is unknown')\n"
    with pytest.raises(PayloadFailed) as caught:
        run(command(tmp_path, body + "for n in range(300): print('noise', n)\nsys.exit(1)"))
    assert caught.value.problem == "ended with 1: ERROR - op Foo is unknown"
    log = tmp_path / "out" / "convert.log"
    assert str(log) in caught.value.remedy
    assert len(log.read_text().splitlines()) == 601


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("ModuleNotFoundError: No module named 'onnx'", "Install onnx into the Python"),
        (
            "x: error while loading shared libraries: libc++.so.1: cannot open shared object",
            "libc++.so.1 is missing on this computer",
        ),
        ("libm.so.6: version `GLIBC_2.29' not found (required by x)", "wants GLIBC_2.29"),
    ],
)
def test_what_any_sdk_may_lack_comes_with_advice(tmp_path: Path, said: str, advice: str) -> None:
    with pytest.raises(PayloadFailed) as caught:
        run(command(tmp_path, f"print({said!r}, file=sys.stderr)\nsys.exit(1)"))
    assert advice in caught.value.remedy


def test_a_failure_on_record_has_its_own_advice(tmp_path: Path) -> None:
    told = command(
        tmp_path, "print('E99 layer conv1')\nsys.exit(1)", failures={r"E99 layer (\w+)": "Fix {1}."}
    )
    with pytest.raises(PayloadFailed) as caught:
        run(told)
    assert caught.value.remedy.startswith("Fix conv1. ")


def test_a_program_that_is_not_there_is_the_computer_s_fault(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot be started: No such file"):
        run(command(tmp_path, "", argv=[str(tmp_path / "nothing")]))


def test_a_program_that_hangs_is_killed_with_its_children(
    tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    body = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(os.getpid(), child.pid, flush=True)\ntime.sleep(600)"
    )
    with pytest.raises(PayloadTimeout, match=r"did not end within 2 s and was stopped"):
        run(command(tmp_path, body, limit_s=2.0))
    pids = [int(word) for word in (tmp_path / "out" / "convert.log").read_text().split()]
    assert len(pids) == 2
    deadline_s = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def test_a_program_that_closes_its_output_and_hangs_is_stopped_too(tmp_path: Path) -> None:
    with pytest.raises(PayloadTimeout):
        run(command(tmp_path, "os.close(1); os.close(2); time.sleep(600)", limit_s=2.0))


def test_a_child_left_behind_does_not_hold_up_its_end(tmp_path: Path) -> None:
    body = (
        "import subprocess\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    started_s = time.monotonic()
    run(command(tmp_path, body + WRITE + SAY, limit_s=60.0))
    assert time.monotonic() - started_s < 30


def test_a_program_that_talks_without_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(PayloadFailed, match="said more than 64 MiB and was stopped"):
        run(command(tmp_path, "while True: print('retry ' * 10000)", limit_s=60.0))


def test_a_person_can_stop_it(tmp_path: Path, alive: Callable[[int], bool]) -> None:
    def stop() -> None:
        log = tmp_path / "out" / "convert.log"
        if log.is_file() and log.read_text():
            raise KeyboardInterrupt

    token = CHECK_STOP.set(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(command(tmp_path, "print(os.getpid(), flush=True); time.sleep(600)"))
    finally:
        CHECK_STOP.reset(token)
    assert not alive(int((tmp_path / "out" / "convert.log").read_text()))


def test_the_child_alone_gets_the_sdk_s_environment_and_none_of_our_python_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("VIRTUAL_ENV", "/ours")
    body = "print(os.environ.get('PYTHONPATH'), os.environ.get('VIRTUAL_ENV'))"
    said = run(
        command(tmp_path, body, env={"PYTHONPATH": "/theirs"}, products=(), success="/theirs")
    )
    assert said.output == "/theirs None\n"
    assert os.environ["PYTHONPATH"] == "/ours"


def test_it_cannot_wait_for_somebody_to_type(tmp_path: Path) -> None:
    said = run(command(tmp_path, "print(repr(sys.stdin.read()))", products=(), success=""))
    assert said.output == "''\n"


def test_an_answer_is_read_whatever_the_exit_status(tmp_path: Path) -> None:
    said = run_unchecked(command(tmp_path, "print('SNPE v2.10.0.4541'); sys.exit(1)"))
    assert (said.output, said.code) == ("SNPE v2.10.0.4541\n", 1)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("", ""),
        ("\n ---- \n====\n", ""),
        ("one\ntwo\n", "two"),
        ("Error: a\nlast\n", "Error: a"),
        ("error " + "x" * 300, "error " + "x" * 193 + "…"),
    ],
)
def test_the_telling_line_is_the_last_that_speaks_of_a_failure(output: str, line: str) -> None:
    assert telling_line(output) == line


def test_the_telling_line_of_a_recorded_failure(recorded: Callable[[str], str]) -> None:
    assert telling_line(recorded("qairt_2.45_net_run_failed.txt")) == "Graph Prepare failure"
