"""OpenVINO on a host's CPU."""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks._worker import Worker

formats = frozenset({"onnx"})

WORKER = Worker(
    "openvino",
    "openvino",
    ("openvino",),
    Needs(
        ">=3.11",
        (
            "openvino>=2025.0",
            "numpy",
        ),
    ),
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
