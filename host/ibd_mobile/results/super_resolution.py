"""Accuracy of super-resolution: how far the brightness of a picture is from the true one's."""

import math

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError

_PEAK = 255.0  #: of 8-bit pixels
#: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment" (2004): the window is a bell of
#: deviation 1.5 over 11 × 11 pixels, with two constants that keep flat places from dividing by 0
_SIGMA_PX = 1.5
_RADIUS_PX = 5
SSIM_LEAST_PX = 2 * _RADIUS_PX + 1  #: height and width of the smallest picture that it fits in
_C1, _C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
#: red, green, blue: ITU-R BT.601, on 16…235 as in digital video and in MATLAB's rgb2ycbcr
_LUMA = (65.481, 128.553, 24.966)
_LUMA_BLACK = 16.0


def luma(pictures: NDArray[np.float64], colour_order: str) -> NDArray[np.float64]:
    """Return the Y channel of pictures, 0…255; that of coloured ones is never rounded.

    Args:
        pictures: (n, height, width, channels), 0…255.
        colour_order: "Y", "RGB" or "BGR".

    >>> luma(np.full((1, 1, 1, 3), 255.0), "RGB").round(9).item()
    235.0
    """
    if colour_order == "Y":
        return pictures[..., 0]
    red_first = pictures if colour_order == "RGB" else pictures[..., ::-1]
    share = np.asarray(_LUMA) / _PEAK
    found: NDArray[np.float64] = (red_first * share).sum(axis=-1) + _LUMA_BLACK
    return found


def inner(picture: NDArray[np.float64], border_px: int) -> NDArray[np.float64]:
    """Leave out so many pixels on each side of a picture, (height, width).

    Raises:
        DataError: nothing is left.

    >>> inner(np.zeros((8, 10)), 2).shape
    (4, 6)
    """
    rows, columns = (slice(border_px, size - border_px) for size in picture.shape)
    left = picture[rows, columns]
    if not left.size:
        problem = f"of {picture.shape[0]} × {picture.shape[1]} pixels has nothing inside its border"
        raise DataError("a picture", problem, "Choose a narrower border.")
    return left


def psnr_db(true: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """Return the peak signal-to-noise ratio of one picture, dB; infinite where both are equal.

    Args:
        true: (height, width), 0…255.
        made: likewise.

    >>> round(psnr_db(np.zeros((4, 4)), np.full((4, 4), 255.0)), 12)
    0.0
    """
    error = true - made
    mean_square = float((error * error).mean())
    return 10 * math.log10(_PEAK**2 / mean_square) if mean_square else math.inf


def ssim_ratio(true: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """Return the structural similarity of one picture, −1…1; 1 where both are equal.

    As in the paper that introduced it: a bell-shaped window, population covariances, the mean
    over all places where the window lies inside the picture.

    Args:
        true: (height, width), 0…255.
        made: likewise.

    Raises:
        DataError: the picture is smaller than the window.
    """
    if min(true.shape) < SSIM_LEAST_PX:
        problem = f"of {true.shape[0]} × {true.shape[1]} pixels is smaller than SSIM's window"
        raise DataError("a picture", problem, f"Use {SSIM_LEAST_PX} pixels or more.")
    mean_t, mean_m = _blurred(true), _blurred(made)
    var_t = _blurred(true * true) - mean_t * mean_t
    var_m = _blurred(made * made) - mean_m * mean_m
    covariance = _blurred(true * made) - mean_t * mean_m
    alike = (2 * mean_t * mean_m + _C1) * (2 * covariance + _C2)
    most = (mean_t**2 + mean_m**2 + _C1) * (var_t + var_m + _C2)
    return float((alike / most).mean())


def _blurred(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh with the window where it lies inside: (height − 10, width − 10)."""
    for _ in range(2):
        inner = picture.shape[0] - 2 * _RADIUS_PX
        weighed = (w * picture[k : k + inner] for k, w in enumerate(_WINDOW))
        picture = np.sum(list(weighed), axis=0).T
    return picture


def _window() -> list[float]:
    bell = [math.exp(-((k / _SIGMA_PX) ** 2) / 2) for k in range(-_RADIUS_PX, _RADIUS_PX + 1)]
    return [value / math.fsum(bell) for value in bell]


_WINDOW = _window()
