"""A framework that these tests have: LiteRT's worker, believed to run on a card."""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks import litert

formats = litert.formats


def missing_reason(platform: str, deployment: Deployment) -> str:
    """Say what it lacks: whatever LiteRT lacks."""
    return litert.missing_reason(platform, deployment)


def invocation(order: Order) -> Invocation:
    """Say which command measures."""
    honest = litert.invocation(order)
    argv = ["cpu" if word == "gpu" else word for word in honest.argv]
    return Invocation(files=honest.files, argv=argv, framework_version="of the tests")
