"""LiteRT (formerly TensorFlow Lite) through its compiled-model interface, `libLiteRt.so`.

On a phone the native `ibd_bench` opens the library; on a host the worker process does, through
the ai-edge-litert wheel. Both write the same journal.
"""

import importlib.metadata
import importlib.util
import os
import platform as this_computer
import sys
from pathlib import Path

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import BroughtFile, Invocation, Order
from ibd_mobile.frameworks._worker import Worker, data, words

formats = frozenset({"tflite"})

#: where a lab keeps `libLiteRt.so` for platforms that the wheel of this computer does not cover
LIBRARY_VARIABLE = "IBD_LITERT_LIBRARY"
WORKER = Worker(
    "litert",
    "litert",
    ("ai-edge-litert",),
    Needs(">=3.11", ("ai-edge-litert>=2.1.6", "numpy")),
)


def missing_reason(platform: str, deployment: Deployment) -> str:
    """Say what LiteRT lacks to run on that platform, or "" if it can run."""
    if deployment != "mobile":
        return WORKER.missing_reason(deployment)
    if platform == "android-arm64" and not payload(platform, "ibd_bench_ndk").is_file():
        return (
            "ibd_bench for Android must be built with the NDK to open libLiteRt.so"
            " (see docs/measuring.md, «On a real phone»)"
        )
    if _library(platform) is None:
        return (
            f"no libLiteRt.so for {platform} on this computer;"
            f" set {LIBRARY_VARIABLE} to the file from LiteRT's Android package"
        )
    return ""


def invocation(order: Order) -> Invocation:
    """Say which files to bring and which command measures.

    Raises:
        HostError: a file of the framework is not on this computer.
    """
    reason = missing_reason(order.platform, order.deployment)
    if reason:
        raise HostError("litert", reason, "Run `ibd-mobile doctor` to see what is there.")
    if order.deployment == "mobile":
        return _on_phone(order)
    return WORKER.invocation(order)


def _on_phone(order: Order) -> Invocation:
    library = _library(order.platform)
    if library is None:
        raise HostError(
            "litert", f"no libLiteRt.so for {order.platform}", f"Set {LIBRARY_VARIABLE}."
        )
    name = "ibd_bench_ndk" if order.platform == "android-arm64" else "ibd_bench"
    files = [
        BroughtFile(role="program", source=payload(order.platform, name)),
        BroughtFile(role="library", source=library),
        *data(order),
    ]
    argv = ["{program}", "--engine", "litert", "--library", "{library}", *words(order)]
    return Invocation(files=files, argv=argv, framework_version=_version())


def _version() -> str:
    return f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}"


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec("ai_edge_litert")
    return Path(spec.origin).parent if spec and spec.origin else None


def _library(platform: str) -> Path | None:
    """Find `libLiteRt.so` for a platform: the wheel's if it is of that kind, else the lab's own."""
    is_this = platform == f"linux-{this_computer.machine()}" and sys.platform == "linux"
    folder = _wheel_folder() if is_this else None
    named = os.environ.get(LIBRARY_VARIABLE)
    library = folder / "libLiteRt.so" if folder else Path(named) if named else None
    return library if library and library.is_file() else None
