"""Which steps lead from what there is to what is wanted."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from ibd_mobile.convert.executor import VENDORS
from ibd_mobile.core.device import Precision
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import (
    ArtifactFormat,
    Definition,
    SourceFormat,
    TrainingFramework,
    Variant,
)
from ibd_mobile.core.registry import member, member_ids

_FLOATS: tuple[Precision, ...] = ("float32", "float16")
_ALL: tuple[Precision, ...] = ("float32", "float16", "int8", "int8_dynamic")
_KNOWN = frozenset(get_args(SourceFormat))


@dataclass(frozen=True, slots=True)
class Step:
    """A program that makes one format out of another.

    Its source is always float32: what was rounded once is not rounded again.
    """

    id: str  #: name of its file in `steps/`, without .py
    takes: str
    makes: ArtifactFormat
    precisions: tuple[Precision, ...]
    is_vendors: bool = False  #: done by a converter of `vendor/`


STEPS = (
    Step("keras_to_tflite", "keras", "tflite", _ALL),
    Step("keras_to_onnx", "keras", "onnx", ("float32",)),
    Step("saved_model_to_tflite", "saved_model", "tflite", _ALL),
    Step("saved_model_to_onnx", "saved_model", "onnx", ("float32",)),
    Step("frozen_to_tflite", "tf_frozen", "tflite", _ALL),
    Step("frozen_to_onnx", "tf_frozen", "onnx", ("float32",)),
    Step("pytorch_to_tflite", "pt2", "tflite", _ALL),
    Step("pytorch_to_pytorch", "pt2", "pt2", ("float32", "float16", "bfloat16")),
    Step("pytorch_to_onnx", "pt2", "onnx", ("float32",)),
    Step("caffe2_to_onnx", "caffe2", "onnx", ("float32",)),
    Step("onnx_to_caffe2", "onnx", "caffe2", ("float32",)),
    Step("onnx_to_tflite", "onnx", "tflite", _ALL),
    Step("onnx_to_onnx", "onnx", "onnx", ("float16", "int8", "int8_dynamic")),
)


def _vendors() -> Iterator[Step]:
    """Ask the converters of chip makers what they take and make."""
    for id in member_ids(VENDORS):
        vendor = member(VENDORS, id)
        for takes in sorted(vendor.formats_from & _KNOWN):
            yield Step(id, takes, vendor.format_to, tuple(sorted(vendor.precisions)), True)


#: why some files are not made, where that needs more words
_NO_WAY: dict[tuple[str, Precision], str] = {
    ("pt2", "int8"): "a quantized program of torch.export computes in float32 between rounding"
    " steps, and would be timed as that",
}

#: what builds an architecture of a library, and in which form
BUILDERS = {
    "keras.applications": ("build_keras", "keras"),
    "pytorchcv": ("build_pytorch", "pt2"),
}
#: our own definitions exist for both frameworks
_OWN_BUILDERS = {
    "tensorflow": BUILDERS["keras.applications"],
    "pytorch": BUILDERS["pytorchcv"],
    "caffe2": BUILDERS["pytorchcv"],
}
#: in which form a training framework gives what is built without weights
_HOME_FORMAT = {"tensorflow": "keras", "pytorch": "pt2", "caffe2": "caffe2"}


@dataclass(frozen=True, slots=True)
class Route:
    """Steps in order, each with the precision it makes; the first may be a builder."""

    builder: str  #: id of the builder; "" where a source is at hand
    legs: tuple[tuple[Step, Precision], ...]


def to_wish(variant: Variant, format: str, precision: Precision, *, is_untrained: bool) -> Route:
    """Find the shortest way to a file of a network.

    Args:
        variant: the network as its training framework gives it.
        format: wanted.
        precision: wanted.
        is_untrained: build the architecture with random weights.

    Raises:
        InputError: there is no definition, no source, or no way.
    """
    if is_untrained:
        builder, built = _builder(variant.definition, variant.training_framework)
        home = _HOME_FORMAT[variant.training_framework]
        delivery = _way(built, home, "float32") if built != home else ()
        return Route(builder, delivery + _way(home, format, precision))
    if variant.source is None:
        raise InputError(
            f"{variant.training_framework} weights",
            "are published nowhere that this catalog knows",
            "Use --untrained for speed and power, or give the model a source in its TOML.",
        )
    if variant.source.format == "state_dict":
        builder, built = _builder(variant.definition, variant.training_framework)
        return Route(builder, _way(built, format, precision))
    way = _way(variant.source.format, format, precision)
    return Route("", way or _as_it_is(variant.source.format))


def _builder(definition: Definition | None, framework: TrainingFramework) -> tuple[str, str]:
    if definition is None:
        raise InputError(
            f"{framework} architecture",
            "has no definition in the model's TOML, so it cannot be built",
            "Choose another training framework.",
        )
    if definition.library == "ibd":
        return _OWN_BUILDERS[framework]
    return BUILDERS[definition.library]


def _way(source: str, format: str, precision: Precision) -> tuple[tuple[Step, Precision], ...]:
    """Search breadth first; what is float32 goes on, what is rounded ends."""
    if source == format and precision == "float32":
        return ()
    waiting: deque[tuple[str, tuple[tuple[Step, Precision], ...]]] = deque([(source, ())])
    seen = {source}
    while waiting:
        at, legs = waiting.popleft()
        for step in _from(at):
            if step.makes == format and precision in step.precisions:
                return (*legs, (step, precision))
            if step.makes not in seen and "float32" in step.precisions:
                seen.add(step.makes)
                waiting.append((step.makes, (*legs, (step, "float32"))))
    reason = _NO_WAY.get((format, precision), "no step leads there")
    raise InputError(
        f"{precision} {format}",
        f"cannot be made from {source}: {reason}",
        f"From {source} can be made: {', '.join(sorted(_reachable(source)))}.",
    )


def _as_it_is(format: str) -> tuple[tuple[Step, Precision], ...]:
    """Return the step that takes a published file over, or nothing where there is none."""
    steps = (s for s in _from(format) if s.makes == format and "float32" in s.precisions)
    return tuple((step, "float32") for step in itertools.islice(steps, 1))


def _from(format: str) -> Iterator[Step]:
    return (step for step in (*STEPS, *_vendors()) if step.takes == format)


def _reachable(source: str) -> set[str]:
    found, waiting = {source}, [source]
    while waiting:
        for step in _from(waiting.pop()):
            if step.makes not in found and "float32" in step.precisions:
                found.add(step.makes)
                waiting.append(step.makes)
    return found
