"""The command line of a worker: the words and limits of native `ibd_bench`."""

import argparse
import sys
from typing import NoReturn

from ibd_mobile.workers.failure import Status


class _Parser(argparse.ArgumentParser):
    """Ends with the status that `ibd_bench` would end with."""

    def error(self, message: str) -> NoReturn:
        print(f"worker: {message}", file=sys.stderr)
        sys.exit(Status.USAGE)


def arguments() -> argparse.Namespace:
    """Read the command line, by the limits of device_payloads/bench/options.cc."""
    parser = _Parser(allow_abbrev=False)
    for name in ("--model", "--model-sha256", "--journal", "--nonce"):
        parser.add_argument(name, required=True)
    parser.add_argument("--accelerator", default="cpu")
    limits = (
        ("threads", 1, 1, 1024), ("batch", 1, 1, 1 << 20), ("warmup", 1, 0, 2**31 - 1),
        ("runs", 5, 0, 2**31 - 1), ("seed", 1, 0, 2**64 - 1), ("count", 0, 0, 2**31 - 1),
    )  # fmt: skip
    for name, default, _, _ in limits:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--power-s", type=float, default=0.0)
    parser.add_argument("--outputs")
    parser.add_argument("--dataset")
    parser.add_argument("--cpus", type=_cpus, default=[])
    parser.add_argument("--option", type=_option, action="append", default=[])
    args = parser.parse_args()
    args.options = dict(args.option)
    for name, _, least, most in limits:
        if not least <= getattr(args, name) <= most:
            parser.error(f'--{name} cannot be "{getattr(args, name)}"')
    if not 0.0 <= args.power_s < 1e6:
        parser.error(f'--power-s cannot be "{args.power_s}"')
    if not args.nonce:
        parser.error("--nonce is empty")
    if bool(args.dataset) != (args.count > 0):
        parser.error("--dataset and --count go together")
    return args


def _cpus(text: str) -> list[int]:
    """Read "0,2": the processors that the worker and all its threads keep to."""
    return [int(word) for word in text.split(",")]


def _option(text: str) -> tuple[str, str]:
    """Read KEY=VALUE, for the engine."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f'takes KEY=VALUE, not "{text}"')
    return key, value
