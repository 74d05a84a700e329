"""Time of `ibd-mobile --help` against `python -c pass`, side by side. Goal: at most 6 times."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from paired import conditions, interleave, ratio, verdict


def seconds(words: list[str]) -> float:
    """Run a command and return how long it took, s."""
    start_s = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start_s


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    conditions()
    program = Path(sys.executable).with_name("ibd-mobile")  # as pip made it
    pairs = interleave(
        lambda: seconds([str(program), "--help"]),
        lambda: seconds([sys.executable, "-c", "pass"]),
        rounds,
    )
    for name, column in (("ibd-mobile --help", 0), ("python -c pass", 1)):
        print(f"{name}: fastest {min(p[column] for p in pairs) * 1e3:.0f} ms")
    verdict("help / pass", ratio(pairs), 0, 6)


if __name__ == "__main__":
    main()
