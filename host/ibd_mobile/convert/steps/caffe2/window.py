"""The window arguments that convolutions and poolings share, in all their spellings."""

from dataclasses import dataclass

from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.step import Refused

NOT_SET, VALID, SAME, CAFFE_POOLING = range(4)  #: values of the argument legacy_pad

_LARGEST = 2**14  #: pixels and groups; what is larger comes from damage and would fill the memory

#: Caffe2 has these names for the case with two spatial dimensions
TWO_DIMENSIONAL = {
    "Conv2D": "Conv",
    "ConvTranspose2D": "ConvTranspose",
    "MaxPool2D": "MaxPool",
    "AveragePool2D": "AveragePool",
}


@dataclass(frozen=True)
class Window:
    """A window over height and width, as an operator's arguments say it."""

    kernel: tuple[int, int]  #: (0, 0) where the whole picture is meant
    stride: tuple[int, int]
    dilation: tuple[int, int]
    head: tuple[int, int]  #: padding at the top and at the left
    tail: tuple[int, int]  #: padding at the bottom and at the right
    adjust: tuple[int, int]  #: ConvTranspose: more rows and columns at the bottom and right
    legacy_pad: int  #: how `head` and `tail` are to be replaced, NOT_SET: not at all
    is_global: bool
    group: int


def window(op: Op) -> Window:
    """Read the window of an operator.

    Raises:
        Refused: the arguments contradict one another or are not for pictures.
    """
    is_global = bool(op.args.integer("global_pooling", 0))
    legacy_pad = op.args.integer("legacy_pad", NOT_SET)
    top, left, bottom, right = pads(op)
    found = Window(
        kernel=_pair(op, "kernel", 0),
        stride=_pair(op, "stride", 1),
        dilation=_pair(op, "dilation", 1),
        head=(top, left),
        tail=(bottom, right),
        adjust=_pair(op, "adj", 0),
        legacy_pad=legacy_pad,
        is_global=is_global,
        group=op.args.integer("group", 1),
    )
    _check(op, found)
    return found


def _pair(op: Op, name: str, default: int) -> tuple[int, int]:
    """Read one number for both, one for each, or a list, in Caffe2's order of precedence."""
    if name in op.args:
        both = op.args.integer(name, default)
        return both, both
    if f"{name}_h" in op.args and f"{name}_w" in op.args:
        return op.args.integer(f"{name}_h", default), op.args.integer(f"{name}_w", default)
    values = op.args.integers(f"{name}s") or [default, default]
    if len(values) != 2:
        raise Refused(f"{op.where}: its {name}s {values} are not for pictures of two dimensions")
    return values[0], values[1]


def pads(op: Op) -> tuple[int, int, int, int]:
    """Return explicit padding: top, left, bottom, right."""
    sides = ("pad_t", "pad_l", "pad_b", "pad_r")
    if "pad" in op.args:
        values = [op.args.integer("pad", 0)] * 4
    elif all(side in op.args for side in sides):
        values = [op.args.integer(side, 0) for side in sides]
    else:
        values = op.args.integers("pads") or [0, 0, 0, 0]
    if len(values) != 4 or not all(0 <= v <= _LARGEST for v in values):
        raise Refused(f"{op.where}: its pads {values} are not for pictures of two dimensions")
    return values[0], values[1], values[2], values[3]


def _check(op: Op, found: Window) -> None:
    sizes = (
        *found.stride,
        *found.dilation,
        found.group,
        *(() if found.is_global else found.kernel),
    )
    if min(sizes) < 1 or min(found.adjust) < 0 or max((*sizes, *found.adjust)) > _LARGEST:
        raise Refused(f"{op.where}: its window makes no sense ({found})")
    if not NOT_SET <= found.legacy_pad <= CAFFE_POOLING:
        raise Refused(f"{op.where}: the padding rule {found.legacy_pad} is not known")
    if found.legacy_pad in (VALID, SAME) and any((*found.head, *found.tail)):
        raise Refused(f"{op.where}: it has both a padding rule and explicit padding")
    if found.is_global and any((*found.head, *found.tail)):
        raise Refused(f"{op.where}: a pooling over everything cannot have padding")
