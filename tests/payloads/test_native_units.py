"""The C and C++ sources under the address and undefined-behaviour sanitizers.

Their unit tests, and then the two programs with a real engine and a real child.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import Bench, Sampler

ROOT = Path(__file__).parents[2]
TINY_ADD = ROOT / "tests" / "data" / "tiny_add.tflite"

MISSING = [tool for tool in ("cmake", "ninja", "ctest") if shutil.which(tool) is None]
if not any(shutil.which(compiler) for compiler in ("clang++", "g++", "c++")):
    MISSING.append("a C++ compiler")

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def run(*words: str) -> None:
    compilers = {"CC": "clang", "CXX": "clang++"} if shutil.which("clang++") else {}
    # Options of whoever started the tests must not soften the sanitizers.
    environment = {**compilers, **os.environ, "ASAN_OPTIONS": "", "UBSAN_OPTIONS": ""}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment, timeout=280
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sanitizer build, warnings being errors."""
    folder = tmp_path_factory.mktemp("build")
    source = str(ROOT / "device_payloads")
    run("cmake", "-S", source, "--preset", "debug", "-B", str(folder))
    run("cmake", "--build", str(folder))
    return folder


def test_every_native_unit_test_passes(build: Path) -> None:
    run("ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error", "-j2")


def test_a_sanitized_bench_infers_cleanly(bench: Bench, build: Path) -> None:
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    journal = bench(
        "--batch",
        "3",
        "--power-s",
        "0.05",
        program=build / "ibd_bench",
        engine="litert",
        model=TINY_ADD,
        library=Path(spec.origin).parent / "libLiteRt.so",
    )
    assert journal.exit_status == 0, journal.stderr
    assert "Sanitizer" not in journal.stderr


@pytest.mark.parametrize("option", ["fail=none", "fail=error", "fail=garbage", "nonsense=1"])
def test_a_sanitized_bench_fails_cleanly(bench: Bench, build: Path, option: str) -> None:
    journal = bench("--option", option, program=build / "ibd_bench")
    assert journal.exit_status in {0, 64, 71}
    assert "Sanitizer" not in journal.stderr


def test_a_sanitized_sampler_records_cleanly(sampler: Sampler, build: Path, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("1\n")
    recording = sampler(
        "--before-s",
        "0.05",
        nodes={"n": node, "gone": tmp_path / "gone"},
        child=["/bin/sh", "-c", "seq 1 3000; exit 2"],
        program=build / "ibd_sampler",
    )
    assert recording.exit_status == 2, recording.stderr
    assert len(recording.words()) == 3000
    assert "Sanitizer" not in recording.stderr
