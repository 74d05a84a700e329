"""PyTorch on hosts: a program of torch.export, compiled by torch.compile before it is timed."""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks._worker import Worker

formats = frozenset({"pt2"})

WORKER = Worker(
    "pytorch_compiled",
    "pytorch",
    ("torch",),
    Needs(
        ">=3.11",
        (
            "torch>=2.8",
            "numpy",
            "setuptools",
        ),
    ),
    advice="a C++ compiler is needed too",
    options=("mode=compiled",),
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
