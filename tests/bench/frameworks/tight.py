"""A framework that these tests have: LiteRT with memory for one sample only.

With two it says so, as a worker does; with three it is killed, as the system does.
"""

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.seams import Invocation, Order
from ibd_mobile.frameworks import litert

formats = litert.formats


def missing_reason(platform: str, deployment: Deployment) -> str:
    """Say what it lacks: whatever LiteRT lacks."""
    return litert.missing_reason(platform, deployment)


def invocation(order: Order) -> Invocation:
    """Say which command measures, or runs out of memory."""
    honest = litert.invocation(order)
    ends = {1: honest.argv, 2: ["sh", "-c", "exit 75"], 3: ["sh", "-c", "kill -s KILL $$"]}
    argv = ends.get(order.job.batch, ["sh", "-c", "echo this must not be tried; exit 1"])
    return Invocation(files=honest.files, argv=argv, framework_version="of the tests")
