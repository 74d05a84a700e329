"""The batch of an ONNX network: set, or declared open."""

from typing import Any

from ibd_mobile.convert.steps import onnx_network


def settle(model: Any, name: str, wanted: list[int | None]) -> None:
    """Set the input's shape, batch first, None where open; shapes inferred from it go.

    Args:
        model: of class ModelProto.
        name: of the input.
        wanted: its shape.
    """
    import onnx

    del model.graph.value_info[:]
    for value in model.graph.input:
        if value.name == name:
            _set_dims(value, wanted)
    for value in model.graph.output:
        _set_dims(value, [wanted[0], *onnx_network.shape(value)[1:]])
    model.CopyFrom(onnx.shape_inference.infer_shapes(model))


def open_up(model: Any, name: str) -> None:
    """Say that the batch is open, whatever the nodes think of it.

    Args:
        model: of class ModelProto.
        name: of the input.
    """
    del model.graph.value_info[:]
    fed = [value for value in model.graph.input if value.name == name]
    for value in [*fed, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"


def _set_dims(value: Any, wanted: list[int | None]) -> None:
    for dim, size in zip(value.type.tensor_type.shape.dim, wanted, strict=True):
        if size is None:
            continue
        dim.dim_value = size
