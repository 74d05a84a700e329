"""Throughput of `AdbLink.push`, which verifies, against raw `adb push`, which does not.

Both bring the same file to a simulated phone through the same adb server; with every adb program
that is on this computer, since their servers differ. Three figures are told:

- ours against the raw push: what it costs to be sure. No goal: it depends on how fast the phone
  hashes;
- ours against the raw push with a `sha256sum` on both sides, the least that a verified push can
  be. Goal: at least 0.9 of its throughput;
- how long a push takes of what is there already; it sends nothing.
"""

import argparse
import math
import os
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import adbutils
from paired import Ratio, conditions, interleave, ratio, verdict

from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.units import BYTES_PER_MIB
from ibd_mobile.machine.adb import AdbLink, AdbServer
from ibd_mobile.sim.phone import Phone
from ibd_mobile.sim.rack import Rack

_RAW_TARGET = "/data/local/tmp/raw.bin"


def adb_programs() -> list[str]:
    """Find the adb on PATH and the one that the adbutils wheel brings."""
    brought = Path(adbutils.__file__).parent / "binaries" / "adb"
    known = [adbutils.adb_path(), str(brought)]
    return [path for path in dict.fromkeys(known) if Path(path).is_file()]


def seconds(act: Callable[[], object]) -> float:
    """Return how long something takes, s."""
    start_s = time.perf_counter()
    act()
    return time.perf_counter() - start_s


class Way:
    """Ways to bring one file to one phone, each from a clean start."""

    def __init__(self, rack: Rack, phone: Phone, source: Path) -> None:
        self._rack = rack
        self._phone = phone
        self._source = source
        self._link = AdbLink(AdbServer(rack.server_port), phone.serial)
        self._last = ""

    def ours_s(self) -> float:
        """Hash, push, verify and name the file, as a session does."""
        target = f"{self._link.root}/store/{secrets.token_hex(8)}"

        def push() -> None:
            self._link.push(self._source, target, sha256=sha256_of(self._source))

        took_s = seconds(push)
        if self._last:
            self._link.remove(self._last)
        self._last = target
        return took_s

    def again_s(self) -> float:
        """Push what is there."""
        sha256 = sha256_of(self._source)
        return seconds(lambda: self._link.push(self._source, self._last, sha256=sha256))

    def raw_s(self) -> float:
        """Run `adb push`."""
        return seconds(lambda: self._adb("push", str(self._source), _RAW_TARGET))

    def raw_and_hash_s(self) -> float:
        """Run `adb push`, and `sha256sum` here and there."""

        def push() -> None:
            sha256 = sha256_of(self._source)
            self._adb("push", str(self._source), _RAW_TARGET)
            if sha256 not in self._adb("shell", "sha256sum", _RAW_TARGET):
                raise SystemExit("the raw push damaged the file")

        return seconds(push)

    def _adb(self, *words: str) -> str:
        done = self._rack.adb("-s", self._phone.serial, *words, timeout_s=600.0)
        if done.returncode:
            raise SystemExit(f"adb {words[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()


def inverse(found: Ratio) -> Ratio:
    """Turn a ratio of times into one of throughputs."""
    return Ratio(1 / found.median, 1 / found.high, 1 / found.low, found.rounds)


def measure(adb: str, size_mib: int, rounds: int, folder: Path) -> None:
    """Compare the ways with one adb program."""
    version = subprocess.run([adb, "version"], capture_output=True, text=True, check=True).stdout
    print(f"adb {version.split('Version ')[-1].split()[0]}, {size_mib} MiB")
    source = folder / "source.bin"
    source.write_bytes(os.urandom(size_mib * BYTES_PER_MIB))
    with Rack(folder / "rack", adb) as rack:
        way = Way(rack, rack.start("sd855"), source)
        for name, theirs, goal in (
            ("adb push", way.raw_s, None),
            ("adb push + sha256sum", way.raw_and_hash_s, 0.9),
        ):
            pairs = interleave(way.ours_s, theirs, rounds)
            ours, raw = (size_mib / statistics.median(p[side] for p in pairs) for side in (0, 1))
            print(f"  AdbLink.push {ours:.0f} MiB/s, {name} {raw:.0f} MiB/s")
            found = inverse(ratio(pairs))
            if goal is None:
                print(f"  throughput, ours / {name}: {found}; no goal")
            else:
                verdict(f"  throughput, ours / {name}", found, goal, math.inf)
        again_ms = statistics.median(way.again_s() for _ in range(rounds)) * 1e3
        print(f"  a file that is there: {again_ms:.0f} ms, 0 bytes")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--mib", type=int, default=128, help="size of the file")
    args = parser.parse_args()
    conditions()
    for adb in adb_programs():
        with tempfile.TemporaryDirectory() as scratch:
            measure(adb, args.mib, args.rounds, Path(scratch))
    conditions()


if __name__ == "__main__":
    main()
