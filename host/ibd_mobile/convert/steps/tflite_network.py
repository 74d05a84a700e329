"""A TFLite file: what it takes and gives, and what it says to given inputs."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, pairing, step

INNER_SAMPLES_COUNT = 2  #: more would make the file of inner tensors of a large network huge
_PRECISIONS = ("float32", "float16", "int8", "int8_dynamic")


def refuse_other_precisions(request: step.Request) -> None:
    """See that the precision is one that TFLite has.

    Raises:
        Refused: it is not.
    """
    if request.precision not in _PRECISIONS:
        raise step.Refused(
            f"TFLite has no {request.precision}", f"Choose one of {', '.join(_PRECISIONS)}."
        )


def turned(array: Any) -> Any:
    """Return NCHW pictures as NHWC, and anything else as it is."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def verified(
    request: step.Request,
    said: list[Any],
    inside: dict[str, Any],
    interpreter: Callable[..., Any],
    is_turned: bool = False,
) -> step.Made:
    """Run what was made on the comparison's inputs, and write what both said.

    Args:
        request: what was to be made.
        said: outputs of the source network.
        inside: its inner tensors by name, of the first samples, if they are asked for.
        interpreter: the class of TensorFlow or of LiteRT.
        is_turned: the source takes NCHW, and what was made NHWC.
    """
    fed = batch.samples(request)
    fed = turned(fed) if is_turned else fed
    made = Network(request.target, interpreter)
    step.write_compared(request, said, made.run(fed, batch.fed(request.batch)))
    names: list[str] = []
    if inside:
        kept = Network(request.target, interpreter, is_kept=True)
        names, source, mine = pairing.fused(inside, kept.inner(fed[:INNER_SAMPLES_COUNT]))
        step.write_inner(request, source, mine)
    return step.Made(made.inputs, made.outputs, "NHWC", request.batch, inner=names)


class Network:
    """A file as its interpreter holds it.

    Args:
        path: the file.
        interpreter: the class of TensorFlow or of LiteRT, which speak alike.
        is_kept: keep inner tensors too; costs memory.
    """

    def __init__(self, path: Path, interpreter: Callable[..., Any], is_kept: bool = False) -> None:
        self._path = path
        try:
            with warnings.catch_warnings():
                # it warns of the memory that inner tensors take
                warnings.simplefilter("ignore")
                self._interpreter = interpreter(
                    model_path=str(path), experimental_preserve_all_tensors=is_kept
                )
        except ValueError as error:
            raise step.Refused(f"{path.name} cannot be loaded: {error}") from error
        self.inputs = [_info(d) for d in self._interpreter.get_input_details()]
        self.outputs = [_info(d) for d in self._interpreter.get_output_details()]

    def run(self, samples: Any, size: int) -> list[Any]:
        """Run all samples in groups of `size`: (n, …) to one real array (n, …) per output.

        Raises:
            Refused: the batch cannot be set.
        """
        self._allocate(size, samples.shape[1:])
        return batch.outputs(self._invoke, samples, size)

    def inner(self, samples: Any) -> dict[str, Any]:
        """Return the real inner tensors by their names, in the order in which they are made."""
        self._allocate(len(samples), samples.shape[1:])
        self._invoke(samples)
        details = {d["index"]: d for d in self._interpreter.get_tensor_details()}
        found = {}
        # the only list of operators that the interpreter gives
        made = [k for op in self._interpreter._get_ops_details() for k in op["outputs"]]
        for index in made:
            tensor = self._interpreter.get_tensor(index)
            found[details[index]["name"]] = _real(tensor, details[index])
        return found

    def _allocate(self, size: int, shape: tuple[int, ...]) -> None:
        detail = self._interpreter.get_input_details()[0]
        try:
            if list(detail["shape"]) != [size, *shape]:
                self._interpreter.resize_tensor_input(detail["index"], [size, *shape], strict=True)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise step.Refused(
                f"{self._path.name} cannot be prepared for a batch of {size}: {_last_line(error)}",
                "Ask for a fixed batch.",
            ) from error

    def _invoke(self, group: Any) -> list[Any]:
        detail = self._interpreter.get_input_details()[0]
        self._interpreter.set_tensor(detail["index"], _stored(group, detail))
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise step.Refused(f"{self._path.name} cannot be run: {_last_line(error)}") from error
        details = self._interpreter.get_output_details()
        return [_real(self._interpreter.get_tensor(d["index"]), d) for d in details]


def _info(detail: dict[str, Any]) -> step.TensorInfo:
    scale, zero_point = detail["quantization"]
    return step.TensorInfo(
        name=detail["name"],
        dtype=detail["dtype"].__name__,
        shape=[int(n) for n in detail["shape_signature"]],
        scale=float(scale) if scale else None,
        zero_point=int(zero_point) if scale else None,
    )


def _stored(values: Any, detail: dict[str, Any]) -> Any:
    """Quantise real values as the tensor wants them: rounded half to even, clamped."""
    import numpy as np

    scale, zero_point = detail["quantization"]
    if not scale:
        return values.astype(detail["dtype"])
    limits = np.iinfo(detail["dtype"])
    steps = np.rint(values / scale) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(detail["dtype"])


def _real(stored: Any, detail: dict[str, Any]) -> Any:
    import numpy as np

    found = detail["quantization_parameters"]
    scales, zero_points = found["scales"], found["zero_points"]
    if not len(scales):
        return stored.copy()
    shape = [1] * stored.ndim
    if len(scales) > 1:
        shape[found["quantized_dimension"]] = -1
    steps = stored.astype(np.float32) - zero_points.reshape(shape).astype(np.float32)
    return steps * scales.reshape(shape)


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).strip().split("\n") if line.strip()]
    return lines[-1].strip().rstrip(".")[:300] if lines else type(error).__name__
