"""The blobs that an init net makes: trained weights, as arrays."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.schema import LIMIT_BYTES
from ibd_mobile.convert.steps.step import Refused

Blobs = dict[str, NDArray[Any]]

#: TensorProto.DataType -> NumPy's type
DTYPES: dict[int, type[np.generic]] = {
    1: np.float32,
    2: np.int32,
    3: np.uint8,
    5: np.bool_,
    6: np.uint8,
    7: np.int8,
    8: np.uint16,
    9: np.int16,
    10: np.int64,
    12: np.float16,
    13: np.float64,
}
_REAL, _FLOAT16 = 1, 12
_FILLS_BY_TYPE = {
    "GivenTensorFill": _REAL,
    "GivenTensorDoubleFill": 13,
    "GivenTensorIntFill": 2,
    "GivenTensorInt64Fill": 10,
    "GivenTensorInt16Fill": 9,
    "GivenTensorBoolFill": 5,
}
_RANDOM = ("Xavier", "Gaussian", "Uniform", "MSRA")


def blobs(ops: list[Op]) -> Blobs:
    """Run an init net.

    Raises:
        Refused: an operator is random, unknown or reads what is not there, or data and shape of a
            blob disagree.
    """
    made: Blobs = {}
    for op in ops:
        if op.type in ("Copy", "CopyGPUToCPU", "CopyCPUToGPU", "Alias", "EnsureCPUOutput"):
            made[op.outputs[0]] = _read(op, made)
        elif op.type == "Cast":
            made[op.outputs[0]] = _read(op, made).astype(_dtype(op, op.args.integer("to", _REAL)))
        else:
            made[op.outputs[0]] = _fill(op)
        if sum(blob.nbytes for blob in made.values()) > LIMIT_BYTES:
            raise Refused(f"{op.where}: the blobs so far have more than {LIMIT_BYTES} bytes")
    return made


def _read(op: Op, made: Blobs) -> NDArray[Any]:
    if not op.inputs or op.inputs[0] not in made:
        raise Refused(f"{op.where}: it copies {', '.join(op.inputs)}, which nothing before it made")
    return made[op.inputs[0]]


def _fill(op: Op) -> NDArray[Any]:
    if op.type.startswith(_RANDOM):
        raise Refused(
            f"{op.where}: its numbers are drawn at random, so that this is no trained network",
            "Take the init net that was saved after training.",
        )
    if op.inputs:
        raise Refused(f"{op.where}: a fill with inputs is not known here")
    if op.type == "ConstantFill":
        return _constant(op)
    if op.type in _FILLS_BY_TYPE:
        return _given(op, op.args.integer("dtype", _REAL) if op.type == "GivenTensorFill" else
                      _FILLS_BY_TYPE[op.type])  # fmt: skip
    raise Refused(f"{op.where}: an init net with this operator is not known here")


def _shape(op: Op, item_bytes: int) -> list[int]:
    shape = op.args.integers("shape")
    if any(d < 0 for d in shape) or math.prod(shape) * item_bytes > LIMIT_BYTES:
        raise Refused(f"{op.where}: no blob can have the shape {shape}")
    return shape


def _dtype(op: Op, number: int) -> type[np.generic]:
    if number not in DTYPES:
        raise Refused(f"{op.where}: data of type {number} are not known here")
    return DTYPES[number]


def _constant(op: Op) -> NDArray[Any]:
    # without a type, that of the value counts
    guess = 10 if "value" in op.args and not op.args.is_real("value") else _REAL
    dtype = np.dtype(_dtype(op, op.args.integer("dtype", guess)))
    value = np.array(op.args.real("value", 0), dtype)
    return np.broadcast_to(value, _shape(op, dtype.itemsize))  # takes no memory yet


def _given(op: Op, number: int) -> NDArray[Any]:
    dtype = np.dtype(_dtype(op, number))
    shape = _shape(op, dtype.itemsize)
    is_real = number in (_REAL, _FLOAT16, 13)
    values: Any = op.args.floats("values") if is_real else op.args.integers("values")
    return _shaped(np.asarray(values).astype(dtype), shape, op.where)


def _shaped(values: NDArray[Any], shape: list[int], where: str) -> NDArray[Any]:
    if values.size != math.prod(shape):
        raise Refused(
            f"{where}: its shape {shape} needs {math.prod(shape)} numbers and the file has"
            f" {values.size}",
            "The file is cut off or damaged: fetch it again and compare its checksum.",
        )
    return values.reshape(shape)


def tensors(messages: list[Any], file: str) -> Blobs:
    """Read weights that were saved as TensorProtos, the form before init nets.

    Args:
        messages: of class TensorProto.
        file: how errors call the file.

    Raises:
        Refused: data and shape of a tensor disagree, or its type is not known.
    """
    made: Blobs = {}
    for message in messages:
        where = f"tensor {message.name!r} of {file}"
        is_whole = bool(message.name) and not message.HasField("segment")
        if not is_whole or message.data_format or message.data_type not in DTYPES:
            raise Refused(
                f"{where}: a tensor without a name, in pieces, in data format {message.data_format}"
                f" or of type {message.data_type} is not known here"
            )
        made[message.name] = _shaped(_stored(message), [int(d) for d in message.dims], where)
    return made


def _stored(message: Any) -> NDArray[Any]:
    dtype = np.dtype(DTYPES[message.data_type])
    for raw in (message.raw_data, message.byte_data):
        if raw:
            return np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype)
    if message.data_type == _FLOAT16:  # its bits stand in integers
        return np.asarray(message.int32_data, np.int32).astype(np.uint16).view(np.float16)
    readers: dict[int, Callable[[], Any]] = {
        _REAL: lambda: message.float_data,
        10: lambda: message.int64_data,
        13: lambda: message.double_data,
    }
    return np.asarray(readers.get(message.data_type, lambda: message.int32_data)()).astype(dtype)
