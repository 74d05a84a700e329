"""A framework that only these tests have: `ibd_bench` with its fake engine, told to fail.

How it fails is a job's number of threads, so that one run shows every failure side by side.
Its first member does not fail: it is LiteRT.
"""

from collections.abc import Callable

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import BroughtFile, Invocation, Order
from ibd_mobile.frameworks import litert

formats = litert.formats

Words = Callable[[Order], list[str]]


def _bench(*options: str, engine: str = "fake", **changed: str) -> Words:
    """Words of `ibd_bench`; `changed` are its options by name, with _ for -."""

    def words(order: Order) -> list[str]:
        named = {
            "engine": engine,
            "model": "{model}",
            "model-sha256": order.job.artifact_sha256,
            "journal": "{journal}",
            "nonce": "{nonce}",
            "dataset": "{dataset}",
            "count": str(order.dataset_count),
        } | {name.replace("_", "-"): value for name, value in changed.items()}
        flat = [word for name, value in named.items() for word in (f"--{name}", value)]
        size = order.dataset_file.stat().st_size // order.dataset_count if order.dataset_file else 1
        for option in (f"inputs={size}", "latency_ns=1000", *options):
            flat += ["--option", option] if engine == "fake" else []
        return ["{program}", *flat]

    return words


def _program(*argv: str) -> Words:
    return lambda _order: list(argv)


FAILURES: dict[str, Words] = {
    "none": lambda order: litert.invocation(order).argv,
    "crash": _bench("fail=crash", "fail_at=3"),
    "abort": _program("/system/bin/sh", "-c", "echo assertion failed; kill -s ABRT $$"),
    "error": _bench("fail=error", "fail_at=3"),
    "refused": _bench("fail=error", "fail_at=init"),
    "garbage": _bench("fail=garbage", "fail_at=3"),
    "partial": _bench("fail=partial", "fail_at=3"),
    "wrong_hash": _bench("fail=wrong_hash", "fail_at=3"),
    "other_model": _bench(model_sha256="0" * 64),
    "accelerator": _bench(accelerator="npu"),
    "library": _bench(engine="litert", library="{model}"),
    "no_program": _program("/nowhere/program"),
    "hang": _bench("fail=hang", "fail_at=3"),
}


def threads(failure: str) -> int:
    """Return the number of threads that stands for a failure."""
    return list(FAILURES).index(failure) + 1


def missing_reason(platform: str, deployment: Deployment) -> str:
    """Say what it lacks: whatever LiteRT lacks."""
    return litert.missing_reason(platform, deployment)


def invocation(order: Order) -> Invocation:
    """Say which files to bring and which command fails as asked."""
    name = list(FAILURES)[order.job.threads - 1]
    honest = litert.invocation(order)
    program = BroughtFile(role="program", source=payload(order.platform, "ibd_bench"))
    others = [file for file in honest.files if file.role != "program"]
    return Invocation(
        files=[program, *others], argv=FAILURES[name](order), framework_version="of the tests"
    )
