"""Runs ONNX networks for the comparison with their Caffe2 twins."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
_CHUNK = 4  #: samples at once: more would only cost memory


def session(model: Any, inner: list[str] | None = None) -> Any:
    """Open an ONNX model.

    Args:
        model: of class ModelProto.
        inner: names of tensors that are to be outputs too.

    Raises:
        Refused: the runtime does not take it.
    """
    import onnx
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if inner:
        model, there = _copy(model), {o.name for o in model.graph.output}
        for name in inner:
            if name not in there:
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except (state.Fail, state.InvalidGraph, state.NotImplemented, state.InvalidArgument) as error:
        raise Refused(f"ONNX Runtime does not take the network: {_first_line(error)}") from error


def _copy(model: Any) -> Any:
    copied = type(model)()
    copied.CopyFrom(model)
    return copied


def outputs(opened: Any, x: Array, batch: int) -> list[Array]:
    """Run all samples and return the outputs, each (n, …).

    Args:
        opened: a session.
        x: (n, …) samples.
        batch: what the network takes at once; -1: anything, and then several sizes are tried.

    Raises:
        Refused: the runtime stopped.
    """
    name = opened.get_inputs()[0].name
    parts = [run(opened, name, x[chunk]) for chunk in chunks(len(x), batch)]
    return [np.concatenate(of_output)[: len(x)] for of_output in zip(*parts, strict=True)]


def run(opened: Any, name: str, x: Array) -> list[Array]:
    """Run once.

    Raises:
        Refused: the runtime stopped.
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    try:
        return list(opened.run(None, {name: x}))
    except (state.Fail, state.InvalidArgument, state.RuntimeException) as error:
        raise Refused(
            f"ONNX Runtime stopped with {len(x)} samples at once: {_first_line(error)}"
        ) from error


def chunks(count: int, batch: int) -> Iterator[NDArray[np.intp]]:
    """Cut samples into batches; the last is filled up with the last sample where a size is fixed.

    Args:
        count: how many samples.
        batch: what a network takes at once; -1: anything.
    """
    if batch < 1:
        # one alone first: whether the batch is open shows only with more than one size
        yield np.arange(1)
        for begin in range(1, count, _CHUNK):
            yield np.arange(begin, min(begin + _CHUNK, count))
        return
    for begin in range(0, count, batch):
        yield np.minimum(np.arange(begin, begin + batch), count - 1)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
