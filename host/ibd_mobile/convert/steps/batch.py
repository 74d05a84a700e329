"""Inputs in groups: what is fed to a network whose batch is fixed, or to prove that one is open."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ibd_mobile.convert.steps import step

OPEN_BATCH = 3  #: fed where any may be fed; not 1, with which a batch that is not open would pass


def fed(batch: int) -> int:
    """Return how many samples go into a network at once: `batch`, or a few where it is open."""
    return OPEN_BATCH if batch < 0 else batch


def outputs(run: Callable[[Any], list[Any]], samples: Any, size: int) -> list[Any]:
    """Run all samples in groups, and return each output for all of them.

    The last group is filled up with its last sample; what comes of that is dropped.

    Args:
        run: (size, …) to the outputs, each (size, …).
        samples: (n, …), n >= 1.
        size: of a group.

    Returns:
        One array (n, …) per output.
    """
    import numpy as np

    parts = []
    for start in range(0, len(samples), size):
        group = samples[start : start + size]
        missing = size - len(group)
        if missing:
            group = np.concatenate([group, np.repeat(group[-1:], missing, axis=0)])
        parts.append([np.asarray(a)[: size - missing] for a in run(np.ascontiguousarray(group))])
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def settled(own: Sequence[int | None], name: str, request: step.Request) -> list[int | None]:
    """Return the shape of input that is asked for, batch first, None where open.

    Args:
        own: shape of the source network's input, None where open.
        name: of that input.
        request: what is asked for.

    Raises:
        Refused: the request's shape or batch does not fit the network.
    """
    wanted = [None if request.batch < 0 else request.batch, *request.input_shape]
    fits = len(wanted) == len(own) and all(
        mine in (None, other) for mine, other in zip(own[1:], wanted[1:], strict=True)
    )
    if not fits:
        raise step.Refused(
            f"input {name} takes {list(own[1:])}, not {request.input_shape}",
            "Ask for the size that the network was made for.",
        )
    if own[0] not in (None, wanted[0]):
        what = "left open" if wanted[0] is None else f"set to {wanted[0]}"
        raise step.Refused(
            f"the batch cannot be {what}: input {name} has it fixed at {own[0]}",
            f"Ask for a batch of {own[0]}.",
        )
    return wanted


def groups(arrays: Any, size: int) -> Iterator[Any]:
    """Yield all of (n, …) in full groups (size, …); the last goes round to the first."""
    import numpy as np

    for start in range(0, len(arrays), size):
        yield arrays[np.arange(start, start + size) % len(arrays)]


def samples(request: step.Request) -> Any:
    """Load the comparison's inputs, (n, …) float32, and see that they are the network's.

    Raises:
        Refused: they have another shape than the request says.
    """
    return _loaded(request, request.samples, "samples")


def calibration(request: step.Request) -> Any:
    """Load the pictures whose ranges an integer network is fitted to, (n, …) float32.

    Raises:
        Refused: there are none, or they have another shape than the request says.
    """
    if not request.calibration:
        raise step.Refused(
            f"{request.precision} needs calibration pictures and none are named",
            "Name a calibration set, or choose int8_dynamic, which needs none.",
        )
    return _loaded(request, request.calibration, "calibration pictures")


def _loaded(request: step.Request, path: str, what: str) -> Any:
    import numpy as np

    arrays = np.load(path, mmap_mode="r", allow_pickle=False)
    shape = list(arrays.shape[1:])
    if shape != request.input_shape or not len(arrays):
        raise step.Refused(
            f"the {what} have the shape {shape}, the network takes {request.input_shape}"
        )
    return arrays.astype(np.float32, copy=False)
