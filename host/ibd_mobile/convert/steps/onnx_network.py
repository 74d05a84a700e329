"""An ONNX file: what it takes and gives, and what it says to given inputs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, step

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
            "save the network with its weights inside",
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


class Network:
    """A network in ONNX Runtime.

    Args:
        source: a file, or a model's bytes.
        inner: names of tensors that are outputs too.
    """

    def __init__(self, source: Path | bytes) -> None:
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
        return batch.outputs(self._infer, samples, size)

    def _infer(self, group: Any) -> list[Any]:
        fed = self.inputs[0]
        try:
            made = self._session.run(None, {fed.name: group.astype(fed.dtype, copy=False)})
        except self._errors as error:
            raise step.Refused(
                f"it does not run with a batch of {len(group)}: {_reason(error)}",
                "ask for a fixed batch",
            ) from error
        return list(made)


def inner(model: Any, samples: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Run with all floating inner tensors as outputs: name -> (n, …), in the order of the graph.

    Args:
        model: of class ModelProto.
        samples: (n, …), run at once.
        names: only these; None for all.
    """
    import numpy as np
    import onnx

    wanted = None if names is None else set(names)
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    made = [name for node in model.graph.node for name in node.output if name]
    made = [name for name in made if wanted is None or name in wanted]
    opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made)
    arrays = Network(opened.SerializeToString()).run(samples, len(samples))
    pairs = zip(made, arrays, strict=True)
    return {name: array for name, array in pairs if array.dtype in (np.float32, np.float16)}


def verified(
    request: step.Request, said: list[Any], layout: str, notes: Iterable[str] = ()
) -> step.Made:
    """Run what was made on the comparison's inputs, and write what both said.

    Args:
        request: what was to be made.
        said: outputs of the source network.
        layout: of the target; where it is NCHW and the request's inputs are NHWC, `to_nchw` is fed.
        notes: for the record.
    """
    import numpy as np

    made = Network(request.target)
    samples = batch.samples(request)
    size = batch.fed(request.batch)
    step.write_compared(request, said, [np.asarray(a) for a in made.run(samples, size)])
    return step.Made(made.inputs, made.outputs, layout, request.batch, notes=list(notes))


def _info(value: Any) -> step.TensorInfo:
    kinds = {"tensor(float)": "float32", "tensor(float16)": "float16"}
    dtype = kinds.get(value.type, value.type.removeprefix("tensor(").rstrip(")"))
    return step.TensorInfo(
        value.name, dtype, [n if isinstance(n, int) else -1 for n in value.shape]
    )


def _unreadable(path: Path, reason: str) -> step.Refused:
    return step.Refused(
        f"{path.name} is not an ONNX network, or not all of one: {reason}",
        "fetch or make the file anew",
    )


def _reason(error: Exception) -> str:
    return _first_line(error).split(" : ", 2)[-1]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")[:300]
