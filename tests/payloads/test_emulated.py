"""The aarch64 programs, run by qemu-user where it is installed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from ibd_mobile.core.payload import payload

from .conftest import Bench, Sampler
from .test_input import fake_output, splitmix64

QEMU = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
SYSROOT = Path("/usr/aarch64-linux-gnu")

pytestmark = pytest.mark.skipif(QEMU is None, reason="qemu-user-static is not installed")


@pytest.fixture(params=["linux-aarch64", "android-arm64"])
def platform(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "linux-aarch64" and not SYSROOT.is_dir():
        pytest.skip("libc6-arm64-cross is not installed")
    return name


@pytest.fixture
def prefix(platform: str) -> Sequence[str]:
    return [str(QEMU), *(["-L", str(SYSROOT)] if platform == "linux-aarch64" else [])]


def test_the_fake_engine_gives_the_same_bytes_on_arm(
    bench: Bench, platform: str, prefix: Sequence[str]
) -> None:
    program = payload(platform, "ibd_bench")
    journal = bench("--seed", "7", "--power-s", "0.05", prefix=prefix, program=program)
    assert journal.exit_status == 0, journal.stderr
    record = bytes(x >> 56 for x in splitmix64(7, 16))
    assert journal.outputs == fake_output(record, 16)
    assert journal.of("end")[0]["code"] == 0


def test_a_failure_looks_the_same_on_arm(
    bench: Bench, platform: str, prefix: Sequence[str]
) -> None:
    program = payload(platform, "ibd_bench")
    journal = bench("--option", "fail=error", prefix=prefix, program=program)
    assert journal.exit_status == 71
    assert journal.of("error")[0]["name"] == "INFERENCE_FAILED"


def test_the_sampler_samples_and_listens_on_arm(
    sampler: Sampler, platform: str, prefix: Sequence[str], tmp_path: Path
) -> None:
    node = tmp_path / "node"
    node.write_text("5\n")
    recording = sampler(
        "--before-s",
        "0.1",
        nodes={"n": node, "gone": tmp_path / "gone"},
        child=["/bin/sh", "-c", "echo hello; exit 3"],
        prefix=prefix,
        program=payload(platform, "ibd_sampler"),
    )
    assert recording.exit_status == 3, recording.stderr
    assert recording.words() == ["hello"]
    assert {(row[2], row[4]) for row in recording.rows()} == {("5", "!ENOENT")}


def test_a_static_program_says_that_it_cannot_load_an_engine(bench: Bench) -> None:
    program = payload("android-arm64", "ibd_bench")
    journal = bench(prefix=[str(QEMU)], program=program, engine="litert")
    assert journal.exit_status == 68
    error = journal.of("error")[0]
    assert error["name"] == "ENGINE_UNAVAILABLE"
    assert "static program and cannot load libLiteRt.so" in error["message"]
