import os
import subprocess
import time

from ibd_mobile.sim.ledger import _process_clock


def test_the_clock_of_another_process_counts_what_it_burns() -> None:
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as busy:
        try:
            time.sleep(0.3)
            first_ns = time.clock_gettime_ns(_process_clock(busy.pid))
            time.sleep(0.3)
            burnt_ns = time.clock_gettime_ns(_process_clock(busy.pid)) - first_ns
        finally:
            busy.kill()
    assert 0.02e9 < burnt_ns < 0.6e9


def test_our_own_clock_agrees_with_the_kernels() -> None:
    told_ns = time.clock_gettime_ns(_process_clock(os.getpid()))
    assert 0 <= time.process_time_ns() - told_ns < 1e8
