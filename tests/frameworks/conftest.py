"""Orders for a host, and Pythons that have or lack what a framework needs."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.job import Job
from ibd_mobile.core.seams import Order

THIS = f"linux-{platform.machine()}"


@pytest.fixture
def host_order(tmp_path: Path) -> Order:
    """One measurement on this computer; its model is a file that is not read."""
    model = tmp_path / "model"
    model.write_bytes(b"a model")
    job = Job(
        kind="measure",
        device="host_cpu",
        slot="host_cpu",
        model="some",
        training_framework="pytorch",
        artifact_sha256="0" * 64,
        precision="float16",
        framework="any",
        processor="cpu",
        threads=1,
        batch=4,
        input_size=32,
        protocol="ibd",
        seed=7,
    )
    return Order(
        job=job,
        model_file=model,
        platform=THIS,
        deployment="desktop",
        warmup_runs=1,
        timed_runs=5,
        power_s=0.0,
    )


@pytest.fixture
def python_with(tmp_path: Path) -> Callable[..., Path]:
    """Make a Python that has distributions of some name and version, and nothing in them."""

    def make(**versions: str) -> Path:
        folder = tmp_path / "-".join(["python", *versions])
        folder.mkdir()
        for name, version in versions.items():
            info = folder / f"{name}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        python = folder / "python"
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        return python

    return make
