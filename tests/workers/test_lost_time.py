import os
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.workers.lost_time import stolen_ticks

from .conftest import Start, write_wish


def test_waiting_for_a_processor_is_counted(counting: Start, tmp_path: Path) -> None:
    """Two busy loops on one processor: one of them waits while the other runs."""
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    model = write_wish(tmp_path, spin_s=0.02)
    rival = f"import os; os.sched_setaffinity(0, [{cpu}])\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", rival]) as process:
        ended = counting("--cpus", str(cpu), "--power-s", "1", model=model)
        process.kill()
    power = ended.journal.phases["power"]
    span_ns = int(power.end_ns[-1] - power.start_ns[0])
    assert ended.journal.waited_ns["power"] > 0.2 * span_ns


#: virtual machine with two processors, kernel 6
STAT = """\
cpu  814406 1015944 220250 498470 6716 0 3671 15307 0 0
cpu0 338125 525729 101756 310479 1558 0 1144 7762 0 0
cpu1 476281 490214 118493 187991 5157 0 2526 7545 0 0
intr 130713302 0 0
ctxt 230145061
"""


@pytest.mark.parametrize(("cpus", "ticks"), [([0], 7762), ([1], 7545), ([0, 1], 15307), ([2], 0)])
def test_what_was_stolen_is_read_of_its_processors(cpus: list[int], ticks: int) -> None:
    assert stolen_ticks(STAT, cpus) == ticks


def test_a_kernel_that_does_not_count_what_was_stolen_is_not_taken_for_a_quiet_one() -> None:
    with pytest.raises(IndexError):
        stolen_ticks("cpu  10 0 20 30 1 0 2\ncpu0 10 0 20 30 1 0 2\n", [0])


def test_what_was_stolen_in_a_phase_is_told(counting: Start, wish: Path) -> None:
    stolen_ns = counting("--power-s", "0.1", model=wish).journal.stolen_ns
    assert stolen_ns.keys() >= {"latency", "power"}
    assert all(ns >= 0 and ns % 1_000_000 == 0 for ns in stolen_ns.values())
