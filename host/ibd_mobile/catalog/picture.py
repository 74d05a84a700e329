"""Pictures of the lab as a network takes them: opened, cut to its shape, in its colours."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Input

if TYPE_CHECKING:
    from PIL.Image import Image

#: other decoders of Pillow are for rarer formats, and less looked after
_FORMATS = ("JPEG", "PNG", "BMP", "PPM", "WEBP")
_REMEDY = "Take it out of the set, or replace it; nothing is left out silently."


def read_picture(path: Path, taken: Input, input_size: int | None = None) -> NDArray[np.uint8]:
    """Read a picture's pixels in the size that a network takes.

    Colours are as they are stored: neither a colour profile nor the camera's orientation is
    applied, as in the pipelines that networks are trained with. Grey, paletted and transparent
    pictures become coloured ones. Shrinking averages all pixels (Pillow's filters), which the
    original pipelines of some networks do not; accuracy differs by some tenths of a per cent.

    Args:
        path: a JPEG, PNG, BMP, PPM or WebP file.
        taken: shape, colours and kind of resizing.
        input_size: height, pixels, where the network was built for another than `taken` says;
            all sizes then grow with it.

    Returns:
        (height, width, channels); red first or brightness alone, blue first where it is so taken.

    Raises:
        InputError: no picture that can be read, or not of the shape where nothing may be resized.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"is no picture that can be read: {error}"
        raise InputError(str(path), problem, _REMEDY) from error
    return decode_picture(content, str(path), taken, input_size)


def decode_picture(
    content: bytes, subject: str, taken: Input, input_size: int | None = None
) -> NDArray[np.uint8]:
    """Make of a picture's file what `read_picture` makes of it.

    Args:
        content: of the file.
        subject: what errors call it.
        taken: as there.
        input_size: as there.

    Raises:
        InputError: as there.
    """
    growth = 1.0 if input_size is None else input_size / taken.height
    with _opened(io.BytesIO(content), subject) as picture:
        coloured = picture.convert("L" if taken.colour_order == "Y" else "RGB")
    fitted = _fitted(coloured, taken, growth, subject)
    pixels = np.asarray(fitted, np.uint8).reshape(fitted.height, fitted.width, -1)
    return pixels[:, :, ::-1] if taken.colour_order == "BGR" else pixels


def picture_size(file: BinaryIO, place: str, name: str) -> tuple[int, int]:
    """Return height and width, pixels, by what the head of a file says.

    Raises:
        InputError: it is no picture.
    """
    with _opened(file, place, f"'{name}' ") as picture:
        return picture.height, picture.width


def shrunk_and_enlarged(pixels: NDArray[np.uint8], factor: int, subject: str) -> NDArray[np.uint8]:
    """Make a picture smaller and as large again, bicubically, channel by channel.

    Each time it is rounded to 8 bits, as a file would hold it.

    Args:
        pixels: (height, width, channels).
        factor: how many times smaller.
        subject: what the error calls it.

    Raises:
        InputError: a side is no multiple of the factor.
    """
    from PIL import Image

    height, width, _ = pixels.shape
    if height % factor or width % factor:
        problem = f"{height} × {width} pixels cannot be made {factor} times smaller evenly"
        raise InputError(subject, problem, "Use an input size that is a multiple of it.")
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in pixels.transpose(2, 0, 1)]
    kind = Image.Resampling.BICUBIC
    small = [plane.resize((width // factor, height // factor), kind) for plane in planes]
    return np.stack([np.asarray(p.resize((width, height), kind)) for p in small], axis=-1)


@contextmanager
def _opened(file: BinaryIO, subject: str, name: str = "") -> "Iterator[Image]":
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=_FORMATS) as picture:
            yield picture
    except UnidentifiedImageError as error:
        told = "of no kind that is taken (" + ", ".join(_FORMATS) + ")"
        raise InputError(subject, f"{name}is no picture that can be read: {told}", _REMEDY) from (
            error
        )
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        problem = f"{name}is no picture that can be read: {error}"
        raise InputError(subject, problem, _REMEDY) from error


def _fitted(picture: "Image", taken: Input, growth: float, subject: str) -> "Image":
    from PIL import Image

    width, height = round(taken.width * growth), round(taken.height * growth)
    kind = Image.Resampling[taken.interpolation.upper()]
    if taken.resize == "stretch":
        return picture.resize((width, height), kind)
    if taken.resize == "central_crop":
        return _centre(picture, taken.crop_ratio).resize((width, height), kind)
    if taken.resize == "shorter_side":
        shorter = round(taken.resize_px * growth)
        # What is left of the longer side beyond a whole pixel is dropped, as in torchvision.
        size = [side * shorter // min(picture.size) for side in picture.size]
        if size[0] < width or size[1] < height:
            problem = f"is {size[1]} × {size[0]} pixels once resized, less than {height} × {width}"
            raise InputError(subject, problem, "Check the model's resize_px.")
        picture = picture.resize((size[0], size[1]), kind)
        left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
        return picture.crop((left, top, left + width, top + height))
    if picture.size != (width, height):
        problem = f"is {picture.height} × {picture.width} pixels, but {height} × {width} are taken"
        raise InputError(subject, problem, _REMEDY)
    return picture


def _centre(picture: "Image", ratio: float) -> "Image":
    """Cut out the middle; what is left on both sides is alike, as in TensorFlow's central crop."""
    left, top = (int((side - side * ratio) / 2) for side in picture.size)
    return picture.crop((left, top, picture.width - left, picture.height - top))
