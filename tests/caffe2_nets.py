"""Small Caffe2 networks for tests: built op by op, written to files, read back."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import graph as caffe2_graph
from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.caffe2.writer import NetWriter, Value
from ibd_mobile.convert.steps.caffe2_to_onnx import translate

Array = NDArray[Any]
Line = tuple[str, Sequence[str], Sequence[str], dict[str, Value]]


def random(*shape: int, seed: int = 0, low: float = -1) -> Array:
    return np.random.default_rng(seed).uniform(low, 1, shape).astype(np.float32)


def statistics(channels: int) -> dict[str, Array]:
    names = ("s", "b", "rm", "riv")
    return {n: random(channels, seed=k, low=0.2) for k, n in enumerate(names)}


def writer(
    lines: Sequence[Line], weights: dict[str, Array], outputs: Sequence[str] = (), taken: str = "x"
) -> NetWriter:
    """Build both nets.

    Args:
        lines: type, inputs, outputs and arguments of each operator.
        weights: blobs of the init net.
        outputs: declared; none: the last operator's first.
        taken: name of the input.
    """
    made = NetWriter("net")
    for name, values in weights.items():
        made.weight(name, values)
    for kind, inputs, produced, args in lines:
        made.op(kind, inputs, produced, **args)
    made.close(taken, list(outputs) or [lines[-1][2][0]])
    return made


def save(made: NetWriter, folder: Path) -> tuple[Path, Path]:
    init, predict = folder / "net_init.pb", folder / "net_predict.pb"
    caffe2_schema.write(init, made.init)
    caffe2_schema.write(predict, made.predict)
    return init, predict


def net(lines: Sequence[Line], weights: dict[str, Array], outputs: Sequence[str] = ()) -> Net:
    """Write and read back, so that files are in every test."""
    with tempfile.TemporaryDirectory() as folder:
        return caffe2_graph.load(*save(writer(lines, weights, outputs), Path(folder)), {})


def one(kind: str, weights: dict[str, Array] | None = None, count: int = 1, **args: Value) -> Net:
    """Build a network of one operator on `x` and on weights, with `count` outputs y, y1, …"""
    weights = weights or {}
    produced = [f"y{k or ''}" for k in range(count)]
    outputs = produced if kind == "Split" else ["y"]
    return net([(kind, ["x", *weights], produced, args)], weights, outputs)


def run(network: Net, x: Array) -> Array:
    """Run on NumPy alone."""
    return caffe2_run.run(network, x)[network.outputs[0]]


def agree(network: Net, x: Array, tolerance: float = 2e-5) -> Array:
    """Run on NumPy and, translated, in ONNX Runtime; both must say the same."""
    into, model = translate(network, [-1, *x.shape[1:]])
    opened = caffe2_session.session(model)
    expected = caffe2_run.run(network, x)
    made = caffe2_session.run(opened, network.input, x)
    for name, array in zip(network.outputs, made, strict=True):
        assert array.shape == expected[name].shape, name
        # what is declared holds for this batch
        declared = [len(x) if d == -1 else d for d in into.shape(name)[:1]]
        assert list(array.shape[:1]) == declared or into.shape(name)[0] == -1
        np.testing.assert_allclose(array, expected[name], rtol=tolerance, atol=tolerance)
    return expected[network.outputs[0]]
