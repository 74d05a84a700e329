"""The files in which TensorFlow networks come, read without running anything of their makers'."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import saved_model_archive, step
from ibd_mobile.convert.steps.tensorflow_network import Network

#: ops that reach outside the network: a file from others is not run if it has one
_REACHING = frozenset(
    ["ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc"]
)


def keras(request: step.Request) -> Network:
    """Read a Keras 3 archive; custom code in it is refused by Keras.

    Raises:
        Refused: no such archive, or not a network of one input.
    """
    import keras as library

    path = Path(request.source["model"])
    if not zipfile.is_zipfile(path):
        raise _unreadable(path, "a Keras 3 archive")
    try:
        model = library.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise _unreadable(path, "a Keras 3 archive", error) from error
    if len(model.inputs) != 1:
        raise step.Refused(f"{path.name} has {len(model.inputs)} inputs; only one can be fed")
    layers = [v for v in model.layers if len(getattr(v, "_inbound_nodes", [])) == 1]
    layers = [v for v in layers if not isinstance(v.output, (list, tuple, dict))]
    inside = library.Model(model.inputs, [v.output for v in layers])
    return Network(
        call=lambda x: library.tree.flatten(model(x, training=False)),
        shape=list(model.inputs[0].shape),
        input_name=_plain(model.inputs[0].name),
        variables=[v.value for v in model.variables],
        inner_names=[v.name for v in layers],
        inner_call=lambda x: library.tree.flatten(inside(x, training=False)),
    )


def saved_model(request: step.Request) -> Network:
    """Read a SavedModel, a folder or an archive of one, by one of its signatures.

    `options.signature` names it; else it is the usual one.

    Raises:
        Refused: no SavedModel, no such signature, or not a network of one input.
    """
    import tensorflow as tf

    path = Path(request.source["model"])
    with saved_model_archive.folder(path, request.folder) as folder:
        graph = _read_proto(folder / "saved_model.pb", _saved_model_proto(), "a SavedModel")
        for meta in graph.meta_graphs:
            _refuse_reaching(meta.graph_def, path)
        try:
            loaded = tf.saved_model.load(str(folder))
        except (ValueError, KeyError, OSError, tf.errors.OpError) as error:
            raise _unreadable(path, "a SavedModel", error) from error
    name = request.options.get("signature", "serving_default")
    if name not in loaded.signatures:
        raise step.Refused(
            f"{path.name} has no signature {name}; it has {sorted(loaded.signatures)}"
        )
    function = loaded.signatures[name]
    specs = function.structured_input_signature[1]
    if len(specs) != 1:
        raise step.Refused(f"{path.name} has {len(specs)} inputs; only one can be fed")
    (key, spec), order = next(iter(specs.items())), sorted(function.structured_outputs)
    wanted = request.options.get("outputs", order)
    _refuse_missing(wanted, order, path)

    def call(x: Any) -> list[Any]:
        said = function(**{key: x})
        return [said[output] for output in wanted]

    shape = list(spec.shape) if spec.shape.rank is not None else [None] * (1 + _rank(request))
    return Network(call, shape, key, variables=[loaded])


def frozen(request: step.Request) -> Network:
    """Read a GraphDef of TensorFlow 1 with its weights inside.

    `options.inputs` and `options.outputs` name its nodes or tensors: the graph does not tell.

    Raises:
        Refused: no such graph, an op that this TensorFlow lacks, or no node of a name.
    """
    import tensorflow as tf

    path = Path(request.source["model"])
    graph = _read_proto(path, tf.compat.v1.GraphDef(), "a frozen graph")
    _refuse_reaching(graph, path)
    nodes = {node.name: node for node in graph.node}
    inputs, outputs = request.options.get("inputs", []), request.options.get("outputs", [])
    if len(inputs) != 1 or not outputs:
        raise step.Refused(
            f"{path.name}: one input and some outputs must be named,"
            f" not inputs {inputs} and outputs {outputs}"
        )
    _refuse_missing([_node(name) for name in [*inputs, *outputs]], nodes, path)
    names = [name if ":" in name else f"{name}:0" for name in outputs]

    def call(x: Any) -> list[Any]:
        return list(tf.graph_util.import_graph_def(graph, {inputs[0]: x}, names, name=""))

    _refuse_unknown(call, request, path)
    return Network(call, _placeholder_shape(nodes[_node(inputs[0])], request), _node(inputs[0]))


def _refuse_unknown(call: Any, request: step.Request, path: Path) -> None:
    """Import once into a graph of its own: what does not work shows here, by name of node."""
    import tensorflow as tf

    with tf.Graph().as_default():
        try:
            call(tf.compat.v1.placeholder(tf.float32, [None, *request.input_shape]))
        except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
            raise step.Refused(f"{path.name} cannot be imported: {_first_line(error)}") from error


def _placeholder_shape(node: Any, request: step.Request) -> list[int | None]:
    """Return the shape that a graph's input has, None where open."""
    shape = node.attr["shape"].shape
    if node.op != "Placeholder" or shape.unknown_rank or not shape.dim:
        return [None] * (1 + _rank(request))
    return [None if dim.size < 0 else dim.size for dim in shape.dim]


def _rank(request: step.Request) -> int:
    return len(request.input_shape)


def _node(name: str) -> str:
    """Return the node of a tensor «node:0»."""
    return name.split(":")[0]


def _plain(name: str) -> str:
    """Return a name that a graph may have."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in _node(name))


def _saved_model_proto() -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel()


def _read_proto(path: Path, message: Any, what: str) -> Any:
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise _unreadable(path, what, error) from error
    return message


def _refuse_reaching(graph: Any, path: Path) -> None:
    ops = {node.op for node in graph.node}
    for function in graph.library.function:
        ops |= {node.op for node in function.node_def}
    if ops & _REACHING:
        raise step.Refused(
            f"{path.name} has the op {min(ops & _REACHING)}, which reaches outside the network"
        )


def _refuse_missing(wanted: Iterable[str], present: Iterable[str], path: Path) -> None:
    missing = [name for name in wanted if name not in set(present)]
    if missing:
        raise step.Refused(f"{path.name} has nothing called {missing[0]}")


def _unreadable(path: Path, what: str, error: Exception | None = None) -> step.Refused:
    reason = f": {_first_line(error)}" if error else ""
    return step.Refused(
        f"{path.name} is not {what}, or not all of one{reason}", "fetch or make the file anew"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")[:300]
