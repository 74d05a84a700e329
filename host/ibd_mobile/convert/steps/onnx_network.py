"""An ONNX file: what it takes and gives, and what it says to given inputs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, pairing, step

INNER_SAMPLES_COUNT = 2  #: more would make the file of inner tensors of a large network huge


def read(path: Path) -> Any:
    """Load and check an ONNX model whose weights are inside it.

    Raises:
        Refused: it is none, not all of one, broken, or names other files.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (OSError, DecodeError) as error:
        raise _unreadable(path, _first_line(error)) from error
    if not model.graph.node:
        raise _unreadable(path, "it has no graph")
    outside = [t.name for t in model.graph.initializer if t.external_data]
    if outside:
        raise step.Refused(
            f"{path.name} keeps the tensor {outside[0]} in another file",
            "Save the network with its weights inside.",
        )
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise step.Refused(f"{path.name} is no valid network: {_first_line(error)}") from error
    return model


def only_input(model: Any, path: Path) -> Any:
    """Return the one input that is fed; initializers may stand among the inputs.

    Raises:
        Refused: there are several.
    """
    weights = {t.name for t in model.graph.initializer}
    found = [value for value in model.graph.input if value.name not in weights]
    if len(found) != 1:
        raise step.Refused(f"{path.name} has {len(found)} inputs; only one can be fed")
    return found[0]


def shape(value: Any) -> list[int | None]:
    """Return the shape of an input or output, batch first, None where open."""
    dims = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") else None for d in dims]


def layout(input_shape: list[int]) -> str:
    """Return the layout of one sample: a picture has fewer channels than rows or columns.

    >>> layout([3, 224, 224]), layout([128, 128, 1])
    ('NCHW', 'NHWC')
    """
    return "NHWC" if len(input_shape) == 3 and input_shape[2] < input_shape[0] else "NCHW"


class Network:
    """A network in ONNX Runtime.

    Args:
        source: a file, or a model's bytes.
        is_as_written: node by node, nothing fused.
    """

    def __init__(self, source: Path | bytes, is_as_written: bool = False) -> None:
        import onnxruntime
        from onnxruntime.capi.onnxruntime_pybind11_state import (
            Fail,
            InvalidArgument,
            InvalidGraph,
            InvalidProtobuf,
            NotImplemented,
            RuntimeException,
        )

        self._errors = (
            Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what matters is raised
        if is_as_written:
            level = onnxruntime.GraphOptimizationLevel
            options.graph_optimization_level = level.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                source if isinstance(source, bytes) else str(source),
                options,
                providers=["CPUExecutionProvider"],
            )
        except self._errors as error:
            raise step.Refused(f"ONNX Runtime refuses it: {_reason(error)}") from error
        self.inputs = [_info(value) for value in self._session.get_inputs()]
        self.outputs = [_info(value) for value in self._session.get_outputs()]

    def run(self, samples: Any, size: int) -> list[Any]:
        """Run all samples in groups of `size`: (n, …) to one array (n, …) per output.

        Raises:
            Refused: an op fails, or the batch cannot be set.
        """
        return batch.outputs(self.infer, samples, size)

    def infer(self, group: Any) -> list[Any]:
        """Run one group.

        Raises:
            Refused: as `run`.
        """
        fed = self.inputs[0]
        try:
            made = self._session.run(None, {fed.name: group.astype(fed.dtype, copy=False)})
        except self._errors as error:
            raise step.Refused(
                f"it does not run with a batch of {len(group)}: {_reason(error)}",
                "Ask for a fixed batch.",
            ) from error
        return list(made)


def inner(model: Any, samples: Any) -> dict[str, Any]:
    """Run with all floating inner tensors as outputs: name -> (n, …), in the order of the graph.

    Args:
        model: of class ModelProto.
        samples: (n, …); of them as many as the model takes at once.
    """
    import onnx

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    made = [name for node in model.graph.node for name in node.output if name]
    opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made)
    network = Network(opened.SerializeToString(), is_as_written=True)
    whole = samples[: shape(model.graph.input[0])[0] or len(samples)]
    arrays = dict(zip(made, network.infer(whole), strict=True))
    _as_integers_have_it(arrays, model)
    return {name: a for name, a in arrays.items() if _is_sampled(a, len(whole))}


def _as_integers_have_it(arrays: dict[str, Any], model: Any) -> None:
    """Put what was rounded to integers and back in the place of what it was before."""
    rounded = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "QuantizeLinear"}
    for node in model.graph.node:
        before = rounded.get(node.input[0], "") if node.op_type == "DequantizeLinear" else ""
        if before in arrays:
            arrays[before] = arrays[node.output[0]]


def _is_sampled(array: Any, count: int) -> bool:
    """Say whether a tensor is real numbers, one row per sample."""
    return array.ndim > 1 and len(array) == count and array.dtype.kind == "f"


def verified(
    request: step.Request,
    said: list[Any],
    inside: dict[str, Any],
    notes: Iterable[str] = (),
    is_turned: bool = False,
) -> step.Made:
    """Run what was made on the comparison's inputs, and write what both said.

    Args:
        request: what was to be made.
        said: outputs of the source network.
        inside: its inner tensors by name, of the first samples, if they are asked for.
        notes: for the record.
        is_turned: the source takes NHWC, and what was made NCHW.
    """
    # Fused int8 kernels saturate in 16-bit sums on x86 processors without VNNI: that is no fault of
    # the file.
    is_int8 = request.precision == "int8"
    made, fed = Network(request.target, is_as_written=is_int8), batch.samples(request)
    if is_turned:
        fed = fed.transpose(0, 3, 1, 2)
    step.write_compared(request, said, made.run(fed, batch.fed(request.batch)))
    names: list[str] = []
    if inside:
        found = inner(read(request.target), fed[:INNER_SAMPLES_COUNT])
        names, source, mine = pairing.same_name(inside, found)
        step.write_inner(request, source, mine)
    form = "NCHW" if is_turned else layout(request.input_shape)
    return step.Made(made.inputs, made.outputs, form, request.batch, inner=names, notes=list(notes))


def _info(value: Any) -> step.TensorInfo:
    kinds = {"tensor(float)": "float32", "tensor(float16)": "float16"}
    dtype = kinds.get(value.type, value.type.removeprefix("tensor(").rstrip(")"))
    return step.TensorInfo(
        value.name, dtype, [n if isinstance(n, int) else -1 for n in value.shape]
    )


def _unreadable(path: Path, reason: str) -> step.Refused:
    return step.Refused(
        f"{path.name} is not an ONNX network, or not all of one: {reason}",
        "Fetch or make the file anew.",
    )


def _reason(error: Exception) -> str:
    return _first_line(error).split(" : ", 2)[-1]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")[:300]
