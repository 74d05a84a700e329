"""Padding of ONNX's largest-value pooling, made harmless for integers.

Converters to TFLite pad with the least float there is, and a quantizer that sees it scales the
tensor by it: nothing is left of the picture. What is never negative can be padded with 0.
"""

from typing import Any

_NEVER_NEGATIVE = ("Relu", "Sigmoid", "Softmax", "Abs", "HardSigmoid")
#: not negative where none of their inputs is
_CARRYING = (
    "Concat", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Add", "Sum", "Mul",
    "Max", "Dropout", "Identity", "Transpose", "Pad",
)  # fmt: skip


def pad_with_zero(model: Any) -> None:
    """Take the padding out of each MaxPool whose input is never negative, and do it before.

    Args:
        model: of class ModelProto, opset 11 or later.
    """
    import numpy as np
    import onnx

    makers = {name: node for node in model.graph.node for name in node.output}
    nodes = []
    for node in model.graph.node:
        pads: Any = next((a for a in node.attribute if a.name == "pads"), None)
        is_padded = pads is not None and node.op_type == "MaxPool"
        if is_padded and any(pads.ints) and _is_never_negative(node.input[0], makers):
            name, half = f"{node.output[0]}__padded", len(pads.ints) // 2
            ints = [0, 0, *pads.ints[:half], 0, 0, *pads.ints[half:]]
            amounts = onnx.numpy_helper.from_array(np.array(ints, np.int64), f"{name}_by")
            model.graph.initializer.append(amounts)
            nodes.append(onnx.helper.make_node("Pad", [node.input[0], amounts.name], [name]))
            node.input[0] = name
            pads.ints[:] = [0] * (2 * half)
        nodes.append(node)
    copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copied)


def _is_never_negative(name: str, makers: dict[str, Any]) -> bool:
    """Follow a tensor back to where its values come from."""
    waiting, seen = [name], {name}
    while waiting:
        node = makers.get(waiting.pop())
        if node is None:
            return False
        if node.op_type in _NEVER_NEGATIVE:
            continue
        if node.op_type not in _CARRYING:
            return False
        inputs = node.input if node.op_type not in ("Dropout", "Pad") else node.input[:1]
        waiting += [n for n in inputs if n not in seen]
        seen |= set(inputs)
    return True
