import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import ANSWER, COMPARED
from ibd_mobile.convert.vendor.tensorrt import PROGRAM

HOST = Path(__file__).parents[4] / "host"
STAND_INS = Path(__file__).parent / "stand_ins"
PLAIN = {"shape": [-1, 3, 2, 4], "layers": [["CONVOLUTION", "FLOAT"]]}
QUANTIZED = PLAIN | {"layers": [["QUANTIZE", "INT8"], ["CONVOLUTION", "FLOAT"]]}
HALF = PLAIN | {"layers": [["CONVOLUTION", "HALF"]]}


class Build:
    """Runs the program on stand-ins of NVIDIA's libraries."""

    def __init__(self, network: Any, folder: Path) -> None:
        self.network = network
        for name in ("tensorrt_cu12", "cuda_bindings", "onnxruntime"):
            info = folder / "infos" / f"{name}-10.13.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 10.13\n")
        path = os.pathsep.join(map(str, (STAND_INS, HOST, folder / "infos")))
        self.env = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(PROGRAM), *words],
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __call__(
        self, model: dict[str, Any], env: dict[str, str] | None = None, **changes: Any
    ) -> Any:
        """Build, and return the program's answer."""
        (self.network.folder / "network.onnx").write_text(json.dumps(model))
        fields = self.network.arrays() | {"file": "network.engine", "precision": "float32"}
        source = {"model": str(self.network.folder / "network.onnx")}
        request = self.network.request(**(fields | changes), source=source)
        asked = self.network.work / "request.json"
        asked.write_text(json.dumps(asdict(request)))
        done = self.run(str(asked), **(env or {}))
        path = self.network.work / ANSWER
        assert path.is_file(), done.stderr
        answer = json.loads(path.read_text())
        assert done.returncode == (0 if "made" in answer else 1)
        return answer

    @property
    def plan(self) -> Any:
        return json.loads((self.network.work / "network.engine").read_text())


@pytest.fixture
def build(network: Any, tmp_path: Path) -> Build:
    return Build(network, tmp_path)


def test_an_engine_is_built_loaded_run_and_compared(build: Build, network: Any) -> None:
    answer = build(PLAIN)
    assert answer["made"]["inputs"] == [
        {"name": "input", "dtype": "float32", "shape": [-1, 3, 2, 4], "scale": None,
         "zero_point": None}
    ]  # fmt: skip
    assert [t["name"] for t in answer["made"]["outputs"]] == ["logits"]
    assert (answer["made"]["batch"], answer["made"]["layout"]) == (-1, "NCHW")
    assert answer["tools"]["tensorrt-cu12"] == "10.13"
    with np.load(network.work / COMPARED) as compared:
        assert compared["source_0"] == pytest.approx(network.answers)
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_float32_is_float32_unless_tf32_is_allowed(build: Build) -> None:
    build(PLAIN)
    assert build.plan["flags"] == []
    build(PLAIN, options={"is_tf32": True})
    assert build.plan["flags"] == ["TF32"]


def test_an_open_batch_has_a_profile_up_to_the_largest(build: Build) -> None:
    build(PLAIN)
    assert build.plan["profile"] == [[1, 3, 2, 4], [1, 3, 2, 4], [32, 3, 2, 4]]
    build(PLAIN, options={"largest_batch": 64, "workspace_bytes": 1 << 20})
    assert build.plan["profile"][2] == [64, 3, 2, 4]
    assert build.plan["workspace"] == 1 << 20


def test_a_batch_that_is_set_leaves_nothing_open(build: Build, network: Any) -> None:
    answer = build(PLAIN, batch=5)
    assert build.plan["shape"] == [5, 3, 2, 4]
    assert answer["made"]["outputs"][0]["shape"] == [5, 2]
    with np.load(network.work / COMPARED) as compared:
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_float16_is_a_wish_of_tensorrt_10(build: Build) -> None:
    build(PLAIN, precision="float16")
    assert build.plan["flags"] == ["FP16"]


@pytest.mark.parametrize("batch", [-1, 4])
def test_int8_is_calibrated_with_every_input_once(build: Build, network: Any, batch: int) -> None:
    answer = build(PLAIN, precision="int8", batch=batch)
    assert build.plan["flags"] == ["INT8"]
    assert build.plan["calibrated"] == pytest.approx(network.samples.sum((1, 2, 3)), rel=1e-5)
    assert answer["made"]["companions"] == {"calibration": "network.calibration"}
    assert (network.work / "network.calibration").read_bytes() == b"ranges of input"


def test_ranges_that_are_known_are_not_measured_again(
    build: Build, network: Any, tmp_path: Path
) -> None:
    cache = tmp_path / "known.calibration"
    cache.write_bytes(b"known ranges")
    build(PLAIN, precision="int8", options={"calibration_cache": str(cache)})
    assert build.plan["calibrated"] == "known ranges"


@pytest.mark.parametrize("version", ["10.13.3.9", "11.0.0.114"])
def test_a_file_with_quantizelinear_needs_no_calibration(build: Build, version: str) -> None:
    env = {"STAND_IN_TENSORRT": version}
    answer = build(QUANTIZED, env, precision="int8", calibration="")
    assert build.plan["calibrated"] is None
    assert answer["made"]["notes"][0].startswith("int8 as the ONNX file says")


def test_int8_without_ranges_of_any_kind_is_refused(build: Build) -> None:
    answer = build(PLAIN, precision="int8", calibration="")
    assert "int8 needs calibration inputs" in answer["refused"]["problem"]


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_tensorrt_11_takes_precisions_from_the_file_alone(build: Build, precision: str) -> None:
    env = {"STAND_IN_TENSORRT": "11.0.0.114"}
    answer = build(PLAIN, env, precision=precision)
    assert answer["refused"]["problem"] == (
        f"TensorRT 11.0.0.114 takes precisions from the ONNX file, and this one is not {precision}"
    )
    assert "made" in build(PLAIN, env)
    assert "made" in build(
        {"int8": QUANTIZED, "float16": HALF}[precision], env, precision=precision
    )


@pytest.mark.parametrize(
    ("model", "changes", "problem"),
    [
        (PLAIN | {"unknown": "Erf"}, {}, "cannot read the network: No importer registered for op"),
        (PLAIN | {"too_large": 1}, {}, "cannot build the engine: Could not find any"),
        (PLAIN | {"broken": True}, {}, "cannot be loaded: The engine plan file"),
        (PLAIN | {"shape": [-1, 3, -1, -1]}, {}, "open dimension beside its batch: [-1, 3, -1"),
        (PLAIN | {"shape": [1, 3, 2, 4]}, {"batch": 8}, "has the batch 1, and 8 is asked for"),
        (PLAIN | {"shape": [1, 3, 2, 4]}, {}, "has the batch 1, and -1 is asked for"),
    ],
)  # fmt: skip
def test_what_tensorrt_refuses_is_said_in_its_own_words(
    build: Build, model: dict[str, Any], changes: dict[str, Any], problem: str
) -> None:
    assert problem in build(model, **changes)["refused"]["problem"]


def test_without_samples_nothing_is_compared(build: Build, network: Any) -> None:
    assert "made" in build(PLAIN, samples="")
    assert not (network.work / COMPARED).exists()


def test_a_gpu_without_memory_is_named(build: Build) -> None:
    answer = build(PLAIN, {"STAND_IN_GPU": "full"})
    assert answer["refused"]["problem"] == "CUDA says cudaErrorMemoryAllocation"


def test_what_an_engine_depends_on_can_be_asked(build: Build) -> None:
    done = build.run("--facts")
    assert json.loads(done.stdout) == {"tensorrt": "10.13.3.9", "gpu": "Stand-in T4"}
    done = build.run("--facts", STAND_IN_GPU="none")
    assert (done.returncode, done.stdout) == (1, "Error: CUDA says cudaErrorNoDevice\n")


def test_its_requirements_are_pinned() -> None:
    import tomllib

    lines = PROGRAM.read_text().splitlines()
    end = lines.index("# ///")
    header = tomllib.loads("\n".join(line.removeprefix("#") for line in lines[1:end]))
    assert lines[0] == "# /// script"
    pinned = {word.partition("==")[0] for word in header["dependencies"] if "==" in word}
    assert {"tensorrt-cu12", "cuda-bindings", "onnxruntime"} <= pinned
