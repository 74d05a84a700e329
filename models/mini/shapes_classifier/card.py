"""The model's TOML: everything that the product knows about shapes_classifier."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

Table = dict[str, Any]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(held)}" for key, held in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(held) for held in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


#: lists of tables that are worth blocks of their own; others stand on one line
_BLOCKS = ("variants", "artifacts")


def to_toml(table: Table, path: str = "") -> str:
    """Write a table as TOML; tables, and lists of tables named in `_BLOCKS`, become blocks."""
    lines, blocks = [], []
    for key, held in table.items():
        name = f"{path}{key}"
        if isinstance(held, dict):
            blocks.append(f"\n[{name}]\n{to_toml(held, name + '.')}")
        elif _tables(held) and key in _BLOCKS:
            blocks += [f"\n[[{name}]]\n{to_toml(one, name + '.')}" for one in held]
        else:
            lines.append(f"{key} = {_value(held)}\n")
    return "".join(lines + blocks)


def tensor(details: Table) -> Table:
    """Describe an input or output as the interpreter names it."""
    scale, zero_point = details["quantization"]
    table = {
        "name": details["name"],
        "dtype": details["dtype"].__name__,
        "shape": [int(size) for size in details["shape_signature"]],
    }
    if scale:
        table["quantization"] = {"scale": float(scale), "zero_point": int(zero_point)}
    return table


def artifact(
    path: Path, interpreter: Any, precision: str, reference: list[Table], made_by: str
) -> Table:
    """Describe one file of the model."""
    inputs = [tensor(details) for details in interpreter.get_input_details()]
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size_bytes": path.stat().st_size,
        "training_framework": "tensorflow",
        "format": "tflite",
        "precision": precision,
        "batch": inputs[0]["shape"][0],
        "inputs": inputs,
        "outputs": [tensor(details) for details in interpreter.get_output_details()],
        "reference": reference,
        "made_by": made_by,
    }


def interval(value: float, n: int) -> tuple[float, float]:
    """Return the Wilson 95 % interval of a ratio (Wilson 1927).

    >>> [round(end, 4) for end in interval(0.9, 1000)]
    [0.8798, 0.9171]
    """
    z = 1.959964
    middle = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    return middle - half, middle + half
