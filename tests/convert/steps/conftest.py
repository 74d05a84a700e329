"""Steps in environments of their own; one process per step serves all tests: imports are slow."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uv

from ibd_mobile.convert.steps import step

ROOT = Path(__file__).parents[3]
STEPS = ROOT / "host" / "ibd_mobile" / "convert" / "steps"
NETWORKS = ROOT / "tests" / "data" / "networks"
#: runs the step's program, as the runner would, for each request named on stdin
SERVER = """
import runpy, sys
program = sys.argv[1]
for line in sys.stdin:
    sys.argv = [program, line.strip()]
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        print("ended", ended.code, flush=True)
"""


@dataclass
class Ran:
    """What a step left behind."""

    folder: Path
    code: int
    answer: dict[str, Any]

    @property
    def made(self) -> dict[str, Any]:
        assert "made" in self.answer, self.answer
        found: dict[str, Any] = self.answer["made"]
        return found

    @property
    def problem(self) -> str:
        assert self.code == 1
        assert "refused" in self.answer, self.answer
        return str(self.answer["refused"]["problem"])

    def pairs(self, file: str = step.COMPARED) -> list[tuple[Any, Any]]:
        """Source's and made network's arrays."""
        arrays = np.load(self.folder / file)
        count = len(arrays.files) // 2
        return [(arrays[f"source_{k}"], arrays[f"target_{k}"]) for k in range(count)]

    def noise_ratio(self, output: int = 0) -> float:
        """RMS of the difference over the RMS of what the inputs change."""
        source, made = self.pairs()[output]
        assert source.shape == made.shape
        change = np.sqrt(np.mean((source - source.mean(axis=0)) ** 2))
        return float(np.sqrt(np.mean((made - source) ** 2)) / change)


Asked = Callable[..., step.Request]
Runs = Callable[[str, step.Request], Ran]


class _Server:
    """A process in a step's environment."""

    def __init__(self, name: str, place: Path) -> None:
        path = STEPS / f"{name}.py"
        python = _python(path, place)
        packages = place / "packages"
        packages.mkdir()
        (packages / "ibd_mobile").symlink_to(STEPS.parents[1])
        self._child = subprocess.Popen(
            [python, "-c", SERVER, path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(packages)},
        )  # fmt: skip
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._child.stderr is not None
        self._said.extend(self._child.stderr)

    def ask(self, request: Path) -> int:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{request}\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line.startswith("ended"), "".join(self._said)
        return int(line.split()[1])

    def end(self) -> None:
        self._child.kill()
        self._child.wait()
        self._reader.join()
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            assert stream is not None
            stream.close()


def _python(path: Path, place: Path) -> str:
    """Make the step's environment, and return its interpreter."""
    environment = os.environ | {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", "")}
    if not environment["UV_FIND_LINKS"]:
        del environment["UV_FIND_LINKS"]
    script = ["--no-python-downloads", "--script", str(path)]
    for command in (["sync", "--quiet", "--python", sys.executable], ["python", "find"]):
        ended = subprocess.run(
            [uv.find_uv_bin(), *command, *script],
            env=environment, cwd=place, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], _Server]]:
    running: dict[str, _Server] = {}

    def serve(name: str) -> _Server:
        if name not in running:
            running[name] = _Server(name, tmp_path_factory.mktemp(name))
        return running[name]

    yield serve
    for server in running.values():
        server.end()


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., step.Request]:
    """Make a request for a small network that takes 16 × 16 pictures."""

    def make(model: Path | str, layout: str = "NHWC", **changes: Any) -> step.Request:
        shape = changes.pop("input_shape", [16, 16, 3] if layout == "NHWC" else [3, 16, 16])
        rng = np.random.default_rng(1)
        for name, count in (("samples", 16), ("calibration", 40)):
            np.save(tmp_path / f"{name}.npy", rng.normal(size=(count, *shape)).astype(np.float32))
        facts: dict[str, Any] = {
            "source": {"model": str(NETWORKS / model)},
            "folder": str(tmp_path),
            "file": "made.bin",
            "input_shape": shape,
            "samples": str(tmp_path / "samples.npy"),
            "calibration": str(tmp_path / "calibration.npy"),
        }
        return step.Request(**(facts | changes))

    return make


@pytest.fixture
def run_step(_servers: Callable[[str], _Server]) -> Callable[[str, step.Request], Ran]:
    """Run a step's program in its own environment."""

    def run(name: str, request: step.Request) -> Ran:
        folder = Path(request.folder)
        path = folder / "request.json"
        path.write_text(json.dumps(vars(request)))
        code = _servers(name).ask(path)
        return Ran(folder, code, json.loads((folder / step.ANSWER).read_text()))

    return run


def onnx_classifier(path: Path, batch: int | str = "batch", odd_op: str = "") -> Path:
    """Write a small ONNX network with NCHW pictures of 16 × 16."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    sizes = {"stem_w": (8, 3, 3, 3), "stem_b": (8,), "deep_w": (8, 1, 3, 3), "dense_w": (512, 10)}
    weights = [
        numpy_helper.from_array(rng.normal(scale=0.3, size=shape).astype(np.float32), name)
        for name, shape in sizes.items()
    ]
    weights.append(numpy_helper.from_array(np.zeros(10, np.float32), "dense_b"))
    near = {"pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["picture", "stem_w", "stem_b"], ["stem"], strides=[2, 2], **near),
        helper.make_node("Relu", ["stem"], ["stem_relu"]),
        helper.make_node("Conv", ["stem_relu", "deep_w"], ["deep"], group=8, **near),
        helper.make_node("Add", ["stem_relu", "deep"], ["sum"]),
        helper.make_node(odd_op or "Relu", ["sum"], ["sum_relu"]),
        helper.make_node("Flatten", ["sum_relu"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense_w", "dense_b"], ["logits"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *shape])
        for name, shape in (("picture", (3, 16, 16)), ("logits", (10,)))
    ]
    graph = helper.make_graph(nodes, "classifier", ends[:1], ends[1:], weights)
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def truncated(model: str, folder: Path) -> Path:
    """Copy half of a network's file."""
    content = (NETWORKS / model).read_bytes()
    path = folder / f"half_{Path(model).name}"
    path.write_bytes(content[: len(content) // 2])
    return path
