"""The exit statuses in the C header and in Python are one list."""

import re
import subprocess
from pathlib import Path

from ibd_mobile.core.errors import PayloadStatus

HEADER = Path(__file__).parents[2] / "device_payloads" / "include" / "ibd" / "status.h"


def in_the_header() -> dict[str, int]:
    found = re.findall(r"^\s*IBD_([A-Z_]+) = (\d+),$", HEADER.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in found}


def test_the_header_and_the_enum_are_the_same() -> None:
    assert in_the_header() == {status.name: status.value for status in PayloadStatus}


def test_failures_keep_to_64_to_80() -> None:
    failures = [status.value for status in PayloadStatus if status is not PayloadStatus.OK]
    assert sorted(failures) == list(range(64, 81))


def test_both_programs_tell_their_version(programs: Path) -> None:
    for name in ("ibd_bench", "ibd_sampler"):
        done = subprocess.run(
            [programs / name, "--version"], capture_output=True, text=True, check=True
        )
        assert re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", done.stdout)


def test_help_names_every_option(programs: Path) -> None:
    for name, options in (
        ("ibd_bench", ("--model-sha256", "--power-s", "--dataset", "--option")),
        ("ibd_sampler", ("--rate-hz", "--detach", "--max-s")),
    ):
        done = subprocess.run(
            [programs / name, "--help"], capture_output=True, text=True, check=True
        )
        assert all(option in done.stdout for option in options)
