"""A stand-in of NVML as a shared library, for tests on computers without a card."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "machine" / "stand_in" / "nvml.c"
T4 = "Tesla T4|GPU-t4|6"
H100 = "NVIDIA H100 80GB HBM3|GPU-h100|9"


def build(folder: Path) -> Path:
    """Compile the stand-in and return the library."""
    library = folder / "libnvidia-ml.so"
    compiler = [cc] if (cc := shutil.which("cc")) else [sys.executable, "-m", "ziglang", "cc"]
    subprocess.run([*compiler, "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


def install(library: Path, monkeypatch: pytest.MonkeyPatch, *cards: str) -> None:
    """Put cards into this computer."""
    monkeypatch.setenv("IBD_NVML_LIBRARY", str(library))
    monkeypatch.setenv("NVML_CARDS", ";".join(cards))
