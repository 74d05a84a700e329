"""What a data set's pictures really show: filed beside the outputs, checked when it is read."""

import hashlib
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Application, Dataset, Model
from ibd_mobile.results.boxes import IGNORING_COLUMNS, TRUTH_COLUMNS
from ibd_mobile.results.document import read_plain

Truth = NDArray[np.generic]  #: of the shape and type that `core.model.Dataset.truth_sha256` states

_REMEDY = "Measure the job again with `ibd-mobile resume`."
_GENERATOR = "Check the data set's generator."
_KINDS: dict[Application, tuple[tuple[str, ...], int]] = {
    "classification": (("uint8", "uint16"), 1),
    "detection": (("float32",), 2),
    "super_resolution": (("uint8",), 4),
}  #: types and number of dimensions


#: how numpy writes the head of the arrays that are truth; anything else is not read at all
_HEAD = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(\|u1|<u2|<f4)', 'fortran_order': False, 'shape': "
    rb"\((\d{1,9}(?:, \d{1,9}){0,3}),?\), \} *\n",
    re.DOTALL,
)


def encode(truth: Truth) -> bytes:
    """Write truth as a .npy file; the same truth gives the same bytes."""
    file = io.BytesIO()
    little = np.ascontiguousarray(truth, truth.dtype.newbyteorder("<"))
    np.save(file, little, allow_pickle=False)
    return file.getvalue()


def read_truth(path: Path, model: Model) -> Truth:
    """Read the truth of a model's data set.

    Raises:
        DataError: missing, damaged, or of another data set.
    """
    found = _array(read_plain(path, remedy=_REMEDY))
    if found is None:
        raise DataError(str(path), "is damaged: no array as this program writes it", _REMEDY)
    if model.dataset is None:
        raise DataError(str(path), f"model '{model.id}' has no data set", _REMEDY)
    if sha256(found) != model.dataset.truth_sha256:
        raise DataError(str(path), f"is not the truth of data set '{model.dataset.id}'", _REMEDY)
    check(found, model.application, model.dataset)
    return found


def _array(content: bytes) -> Truth | None:
    head = _HEAD.match(content)
    if head is None:
        return None
    dtype = np.dtype(head[1].decode())
    shape = tuple(int(size) for size in head[2].split(b","))
    if len(content) - head.end() != dtype.itemsize * math.prod(shape):
        return None
    return np.frombuffer(content[head.end() :], dtype).reshape(shape)


def sha256(array: NDArray[Any]) -> str:
    """Return the hash of an array's bytes, in order, the lower byte of a number first."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def check(truth: Truth, application: Application, dataset: Dataset) -> None:
    """Refuse truth that cannot be that of the data set.

    Raises:
        DataError: wrong type or shape, a picture, class or box that cannot be.
    """
    kinds, dimensions_count = _KINDS[application]
    problem = ""
    if truth.dtype.name not in kinds or truth.ndim != dimensions_count:
        problem = f"is {truth.dtype} with {truth.ndim} dimensions, not {' or '.join(kinds)} with"
        problem += f" {dimensions_count}"
    elif dataset.count < 1:
        problem = "is of no picture"
    elif application == "detection":
        problem = _box_problem(truth.astype(np.float64), dataset)
    elif len(truth) != dataset.count:
        problem = f"is of {len(truth)} pictures, not {dataset.count}"
    elif application == "classification" and int(truth.astype(int).max()) >= len(dataset.labels):
        problem = f"has a class beyond the {len(dataset.labels)} there are"
    if problem:
        remedy = "Check the data set's pictures." if dataset.pictures else _GENERATOR
        raise DataError(f"truth of data set '{dataset.id}'", problem, remedy)


def _box_problem(boxes: NDArray[np.float64], dataset: Dataset) -> str:
    if boxes.shape[1] not in (TRUTH_COLUMNS, IGNORING_COLUMNS):
        return f"has {boxes.shape[1]} numbers per box, not {TRUTH_COLUMNS} or {IGNORING_COLUMNS}"
    picture, label, corner = boxes[:, 0], boxes[:, 1], boxes[:, 2:TRUTH_COLUMNS]
    for what, number, limit in (
        ("picture", picture, dataset.count),
        ("class", label, len(dataset.labels)),
    ):
        if not ((number >= 0) & (number < limit) & (number == np.floor(number))).all():
            return f"has a {what} that is none of the {limit} there are"
    if not np.isin(boxes[:, TRUTH_COLUMNS:], (0, 1)).all():
        return "has a box that is neither counted (0) nor ignored (1)"
    is_inside = ((corner >= 0) & (corner <= 1)).all()
    low, high = corner[:, :2], corner[:, 2:]
    # Published sets have boxes without area, which nobody can find: they count as missed there.
    is_box = (high >= low if dataset.pictures else high > low).all()
    if not is_inside or not is_box:
        return "has a box without area, or one that is not within its picture"
    return ""
