"""What a computer must have to measure, looked at one by one."""

import os
import platform as this_computer
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from ibd_mobile.core.errors import IbdError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.payload import payload
from ibd_mobile.core.registry import member, member_ids
from ibd_mobile.core.units import BYTES_PER_MIB
from ibd_mobile.machine.adb import find_adb

PLATFORMS = ("linux-x86_64", "linux-aarch64", "android-arm64")
_PROGRAMS = ("ibd_sampler", "ibd_bench", "ibd_peak")
_LEAST_FREE_BYTES = 1024 * BYTES_PER_MIB
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: fine, a limit to know of, or a problem to mend."""

    name: str
    state: Literal["ok", "limit", "problem"]
    fact: str
    remedy: str = ""


def checkup() -> Iterator[Check]:
    """Look at everything and yield what was found."""
    yield _adb()
    for platform in PLATFORMS:
        yield _payloads(platform)
    for id in member_ids("ibd_mobile.frameworks"):
        framework = member("ibd_mobile.frameworks", id)
        for platform, deployment in ((_this_platform(), "desktop"), ("android-arm64", "mobile")):
            reason = framework.missing_reason(platform, deployment)
            name = f"{id} on {platform}"
            yield Check(name, "limit" if reason else "ok", reason or "ready")
    yield _ndk()
    free_bytes = shutil.disk_usage(Path.cwd()).free
    yield Check(
        "disk",
        "ok" if free_bytes >= _LEAST_FREE_BYTES else "problem",
        f"{free_bytes // BYTES_PER_MIB:,} MiB free here",
        "" if free_bytes >= _LEAST_FREE_BYTES else "Traces need room; free at least 1,024 MiB.",
    )


def _adb() -> Check:
    try:
        path = find_adb()
        said = subprocess.run(
            [path, "version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except IbdError as error:
        return Check("adb", "problem", error.problem, error.remedy)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("adb", "problem", str(error), "Reinstall adb (platform-tools).")
    lines = said.stdout.splitlines()
    return Check("adb", "ok", f"{path}: {', '.join(line.strip() for line in lines[:2])}")


def _payloads(platform: str) -> Check:
    name = f"payloads {platform}"
    remedy = "Reinstall: pip install --force-reinstall --no-cache-dir ibd-mobile"
    manifest = payload(platform, "").parent / "manifest.json"
    try:
        platforms = msgspec.json.decode(manifest.read_bytes())
        expected = platforms[platform]
        for program in _PROGRAMS:
            if sha256_of(payload(platform, program)) != expected[program]["sha256"]:
                return Check(name, "problem", f"{program} is not the one that was built", remedy)
    except (OSError, KeyError, TypeError, msgspec.DecodeError) as error:
        return Check(name, "problem", f"missing or damaged ({error})", remedy)
    if platform != _this_platform():
        return Check(name, "ok", "built; not run on this computer")
    return _runs(name, payload(platform, "ibd_sampler"))


def _runs(name: str, program: Path) -> Check:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, "problem", f"does not start: {error}", "Reinstall ibd-mobile.")
    if said.returncode != 0:
        return Check(name, "problem", f"ends with {said.returncode}", "Reinstall ibd-mobile.")
    return Check(name, "ok", f"runs ({said.stdout.strip()})")


def _ndk() -> Check:
    home = os.environ.get("ANDROID_NDK_HOME", "")
    if home and Path(home).is_dir():
        return Check("Android NDK", "ok", home)
    fact = "ANDROID_NDK_HOME is not set; vendor engines for phones cannot be built here"
    return Check("Android NDK", "limit", fact)


def _this_platform() -> str:
    return f"{this_computer.system().lower()}-{this_computer.machine()}"
