"""Qualcomm's compiler for the Hexagon tensor processor, with its emulator on x86.

It tells which answers a Hexagon would give; its times are marked EMULATED.
"""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks._worker import Worker

formats = frozenset({"onnx"})

WORKER = Worker(
    "qnn_htp",
    "onnxruntime",
    ("onnxruntime-qnn",),
    Needs(
        ">=3.11",
        (
            "onnxruntime-qnn>=2.7",
            "numpy",
        ),
    ),
    advice="it is made for x86-64",
    options=("provider=qnn_htp",),
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
