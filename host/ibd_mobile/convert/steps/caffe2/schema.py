"""Caffe2's wire format: its messages, made at run time, and files of them.

Field numbers are those of Caffe2's public `caffe2.proto`. Two deviations keep old and damaged
files from being misread: enumerations are plain integers (an unknown member of a proto2
enumeration would silently become the default), and fields that no inference net needs are left to
the parser's unknown fields.
"""

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.step import Refused

LIMIT_BYTES = 2**31 - 1  #: protobuf reads nothing larger
TEXT_SUFFIXES = (".pbtxt", ".prototxt")
PACKAGE = "ibd_caffe2"  #: not "caffe2": somebody else's generated code may be loaded too

#: message -> fields as name:number:type; * repeated, + repeated and packed, =N a default
FIELDS = {
    "Segment": "begin:1:int64 end:2:int64",
    "TensorProto": (
        "dims:1:int64* data_type:2:int32=1 float_data:3:float+ int32_data:4:int32+"
        " byte_data:5:bytes string_data:6:bytes* name:7:string double_data:9:double+"
        " int64_data:10:int64+ segment:11:Segment raw_data:13:bytes data_format:15:uint32"
    ),
    "TensorProtos": "protos:1:TensorProto*",
    "Argument": (
        "name:1:string f:2:float i:3:int64 s:4:bytes floats:5:float* ints:6:int64*"
        " strings:7:bytes* t:10:TensorProto"
    ),
    "DeviceOption": "device_type:1:int32 device_id:2:int32 random_seed:3:uint32",
    "OperatorDef": (
        "input:1:string* output:2:string* name:3:string type:4:string arg:5:Argument*"
        " device_option:6:DeviceOption engine:7:string control_input:8:string*"
        " is_gradient_op:9:bool debug_info:10:string domain:11:string op_version:12:int64"
    ),
    "NetDef": (
        "name:1:string op:2:OperatorDef* type:3:string num_workers:4:int32"
        " device_option:5:DeviceOption arg:6:Argument* external_input:7:string*"
        " external_output:8:string*"
    ),
}
#: how `floats` of an Argument stand in a file: each with its tag (5 << 3 | 5) before it
_FLOAT = np.dtype([("tag", "u1"), ("value", "<f4")])
_FLOATS_TAG = 5 << 3 | 5
_FIELD = re.compile(r"(\w+):(\d+):(\w+)([*+]?)(?:=(\w+))?$")


@functools.cache
def message_class(name: str) -> Any:
    """Return the class of a message of `FIELDS`."""
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@functools.cache
def _pool() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(
        name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto2"
    )
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _describe(message.field.add(), field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _describe(described: Any, field: str) -> None:
    match = _FIELD.match(field)
    assert match is not None, field  # noqa: S101 - a slip in FIELDS itself
    name, number, kind, many, default = match.groups()
    described.name, described.number = name, int(number)
    described.label = described.LABEL_REPEATED if many else described.LABEL_OPTIONAL
    if kind in FIELDS:
        described.type, described.type_name = described.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    else:
        described.type = getattr(described, f"TYPE_{kind.upper()}")
    if many == "+":
        described.options.packed = True
    if default is not None:
        described.default_value = default


def read(path: Path, name: str) -> Any:
    """Read a file that holds one message.

    Args:
        path: protobuf, or its text form where the suffix is one of `TEXT_SUFFIXES`.
        name: one of `FIELDS`.

    Raises:
        Refused: the file is missing, too large, cut off, or of another format.
    """
    try:
        size_bytes = path.stat().st_size
        if not 0 < size_bytes <= LIMIT_BYTES:
            raise Refused(f"{path.name} has {size_bytes} bytes, which cannot be a {name}", "")
        raw = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}") from error
    return (
        parse_text(raw, path.name, name)
        if path.suffix in TEXT_SUFFIXES
        else parse(raw, path.name, name)
    )


def parse(raw: bytes, file: str, name: str) -> Any:
    """Parse the binary form; `file` is how errors call it.

    Raises:
        Refused: not such a message, or only the beginning of one.
    """
    from google.protobuf.message import DecodeError

    message = message_class(name)()
    try:
        message.ParseFromString(raw)
        _check_names(message)
    except (DecodeError, UnicodeError) as error:
        raise Refused(
            f"{file} ({len(raw)} bytes) is no whole Caffe2 {name}: it is cut off, damaged or of"
            f" another format ({error})",
            "Fetch the file again and compare its checksum with the published one.",
        ) from error
    return message


def parse_text(raw: bytes, file: str, name: str) -> Any:
    """Parse the text form; `file` is how errors call it.

    Raises:
        Refused: not such a message, or only the beginning of one.
    """
    from google.protobuf import text_format

    message = message_class(name)()
    try:
        text_format.Parse(raw.decode("utf-8"), message, allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise Refused(
            f"{file} is no whole Caffe2 {name} in text form: {error}",
            "Fetch the file again and compare its checksum with the published one.",
        ) from error
    return message


def _check_names(message: Any) -> None:
    """Look at every string: the parser gives those that are no text as bytes."""
    for field, value in message.ListFields():
        each = value if field.is_repeated else [value]
        if field.type == field.TYPE_MESSAGE:
            for inner in each:
                _check_names(inner)
        elif field.type == field.TYPE_STRING and any(isinstance(one, bytes) for one in each):
            raise UnicodeError(f"{field.full_name.removeprefix(PACKAGE + '.')} is no text")


def write(path: Path, message: Any) -> None:
    """Write a message so that the same message always gives the same bytes."""
    path.write_bytes(message.SerializeToString(deterministic=True))


def floats(argument: Any) -> NDArray[np.float32]:
    """Return an Argument's floats, without a Python object for each of a hundred million."""
    alone = type(argument)()
    alone.floats.MergeFrom(argument.floats)
    return np.frombuffer(alone.SerializeToString(), _FLOAT)["value"].astype(np.float32)


def set_floats(argument: Any, values: NDArray[np.float32]) -> None:
    """Append floats to an Argument; the reverse of `floats`."""
    encoded = np.empty(values.size, _FLOAT)
    encoded["tag"], encoded["value"] = _FLOATS_TAG, values.ravel()
    argument.MergeFromString(encoded.tobytes())
