"""Runs a Caffe2 network on NumPy: what its operators mean, by their definitions.

Written apart from the importer, so that the two can be compared with each other.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import run_shape as caffe2_run_shape
from ibd_mobile.convert.steps.caffe2 import run_value as caffe2_run_value
from ibd_mobile.convert.steps.caffe2 import run_window as caffe2_run_window
from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.weights import Blobs
from ibd_mobile.convert.steps.caffe2.window import TWO_DIMENSIONAL
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
KERNELS = {**caffe2_run_shape.KERNELS, **caffe2_run_value.KERNELS, **caffe2_run_window.KERNELS}


def run(net: Net, x: Array, keep: Collection[str] = ()) -> Blobs:
    """Run a network.

    Args:
        net: the network.
        x: (n, …) float32, what its input takes.
        keep: names of further blobs that are wanted.

    Returns:
        The outputs, and what `keep` names.

    Raises:
        Refused: an operator is not known or does not fit its inputs; names it.
    """
    readers = Counter(blob for op in net.ops for blob in op.inputs)
    readers.update([*net.outputs, *keep])
    blobs: Blobs = {**net.weights, net.input: x}
    for op in net.ops:
        missing = [blob for blob in op.inputs if blob not in blobs]
        if missing:
            raise Refused(f"{op.where}: it reads {missing[0]!r}, which is not computed here")
        made = _run_one(op, [blobs[blob] for blob in op.inputs])
        blobs.update(zip(op.outputs, made, strict=False))
        readers.subtract(op.inputs)
        for blob in (*op.inputs, *op.outputs):
            if readers[blob] <= 0:
                blobs.pop(blob, None)
    missing = [blob for blob in net.outputs if blob not in blobs]
    if missing:
        raise Refused(f"net {net.name!r}: its output {missing[0]!r} cannot be computed here")
    return {blob: blobs[blob] for blob in (*net.outputs, *keep) if blob in blobs}


def run_all(net: Net, x: Array, batch: int) -> list[Array]:
    """Run all samples and return the outputs, each (n, …).

    Args:
        net: the network.
        x: (n, …) float32 samples.
        batch: what the network takes at once; -1: anything, and then several sizes are tried.

    Raises:
        Refused: as `run`.
    """
    parts = [run(net, x[chunk]) for chunk in caffe2_session.chunks(len(x), batch)]
    return [np.concatenate([part[name] for part in parts])[: len(x)] for name in net.outputs]


def _run_one(op: Op, inputs: list[Array]) -> list[Array]:
    kernel = KERNELS.get(TWO_DIMENSIONAL.get(op.type, op.type))
    if kernel is None:
        raise Refused(
            f"{op.where}: the operator {op.type} is not known here",
            f"Known are {', '.join(sorted(KERNELS))}.",
        )
    try:
        with np.errstate(all="ignore"):  # what overflows shows in the comparison
            made = kernel(op, inputs)
    except (ValueError, IndexError, TypeError) as error:
        shapes = ", ".join(str(x.shape) for x in inputs)
        raise Refused(f"{op.where}: it does not fit its inputs {shapes}: {error}") from error
    return made if isinstance(made, list) else [made]
