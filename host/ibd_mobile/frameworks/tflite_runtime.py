"""TensorFlow Lite's interpreter as the tflite-runtime wheels have it, on hosts."""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks._worker import Worker

formats = frozenset({"tflite"})

WORKER = Worker(
    "tflite_runtime",
    "tflite_runtime",
    ("tflite-runtime",),
    Needs(
        ">=3.11,<3.12",
        (
            "tflite-runtime>=2.14",
            "numpy<2",
        ),
    ),
    advice="its last release, 2.14, is for Python 3.11 and older",
)


def missing_reason(platform: str, deployment: Deployment) -> str:  # noqa: ARG001 - the seam's
    """Say what it lacks to run there, or "" if it can run."""
    return WORKER.missing_reason(deployment)


def invocation(order: Order) -> Invocation:
    """Say which files to bring and which command measures.

    Raises:
        HostError: the library is not on this computer.
    """
    return WORKER.invocation(order)
