"""A worker as `ibd_mobile.workers.litert` is one, around an engine that needs no library.

Its model is a JSON file: `fail_at` is the inference that fails, `sleep_s` the time of each,
`spin_s` the time each is busy, `dtypes` the inputs, `greedy` wants more memory than there is,
`odd_at` raises what nobody foresees, `device` has memory and a clock of its own, `carry_s` is the
time of each way to it. The output is the input's beginning.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from ibd_mobile.workers import loop

WIDTH = 8
OUTPUTS = [
    loop.TensorInfo("first", "uint8", [1, 2], 2),
    loop.TensorInfo("rest", "uint8", [1, 3], 3),
]


class Engine:
    """Counts its inferences, and does to each what the model says."""

    fully_accelerated: bool | None = None

    def __init__(self, args: argparse.Namespace) -> None:
        self._wish = json.loads(Path(args.model).read_text())
        if self._wish.get("greedy"):
            raise MemoryError
        sizes = {"uint8": 1, "float64": 8}
        self.inputs = [
            loop.TensorInfo(f"in{k}", dtype, [1, WIDTH], WIDTH * sizes[dtype])
            for k, dtype in enumerate(self._wish.get("dtypes", ["uint8"]))
        ]
        self.outputs = OUTPUTS
        self._count = 0
        self._data = b""
        if "note" in args.options:
            self.witness = {"note": args.options["note"]}
        if self._wish.get("device"):
            self.has_own_memory = True
            self.device_ns = lambda: 1000 * self._count

    def write(self, data: bytes) -> None:
        """Keep the inputs."""
        time.sleep(self._wish.get("carry_s", 0))
        self._data = data

    def infer(self) -> None:
        """Take so long, or fail."""
        self._count += 1
        if self._count == self._wish.get("fail_at"):
            raise loop.Failure(loop.Status.INFERENCE_FAILED, f"inference {self._count} failed")
        if self._count == self._wish.get("odd_at"):
            raise KeyError("odd")
        time.sleep(self._wish.get("sleep_s", 0))
        deadline_s = time.monotonic() + self._wish.get("spin_s", 0)
        while time.monotonic() < deadline_s:
            pass

    def read(self) -> bytes:
        """Return what the inputs begin with."""
        time.sleep(self._wish.get("carry_s", 0))
        return self._data[:5]


if __name__ == "__main__":
    sys.exit(loop.main("counting", "1", Engine))
