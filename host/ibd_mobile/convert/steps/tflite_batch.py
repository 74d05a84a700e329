"""The batch of a TFLite file, opened after the file was made with a batch of 1."""

from pathlib import Path
from typing import Any


def open_up(path: Path) -> None:
    """Let the batch be set at run time.

    Inputs and outputs say that theirs is open, and reshapes take it from their input; all other
    operators do so anyway, or do not run with another batch, which whoever runs the file will see.

    Args:
        path: a file whose tensors have a batch of 1.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    for graph in model.subgraphs:
        for index in (*graph.inputs, *graph.outputs):
            tensor = graph.tensors[index]
            tensor.shapeSignature = [-1, *(int(n) for n in tensor.shape[1:])]
        for operator in graph.operators:
            if _code(model, operator) == schema.BuiltinOperator.RESHAPE:
                _free(model, graph, operator)
    builder = flatbuffers.Builder(path.stat().st_size + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(builder.Output())


def _code(model: Any, operator: Any) -> int:
    return int(model.operatorCodes[operator.opcodeIndex].builtinCode)


def _free(model: Any, graph: Any, operator: Any) -> None:
    """Let a reshape's batch be what is left over, unless it begins with something else."""
    import numpy as np

    options, fed = operator.builtinOptions, graph.tensors[operator.inputs[0]]
    if len(operator.inputs) < 2 or int(fed.shape[0]) != 1:
        return
    buffer = model.buffers[graph.tensors[operator.inputs[1]].buffer]
    if buffer.data is None:
        return
    wanted = np.frombuffer(bytes(buffer.data), np.int32).copy()
    if wanted[0] != 1 or -1 in wanted:
        return
    wanted[0] = -1
    buffer.data = np.frombuffer(wanted.tobytes(), np.uint8)
    if options is not None:
        options.newShape = wanted
