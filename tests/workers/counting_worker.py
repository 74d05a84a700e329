"""A worker as `ibd_mobile.workers.litert` is one, around an engine that needs no library.

Its model is a JSON file: `fail_at` is the inference that fails, `sleep_s` the time of each,
`dtypes` the inputs, `greedy` wants more memory than there is. The output is the input's beginning.
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

    def write(self, data: bytes) -> None:
        """Keep the inputs."""
        self._data = data

    def infer(self) -> None:
        """Take so long, or fail."""
        self._count += 1
        if self._count == self._wish.get("fail_at"):
            raise loop.Failure(loop.Status.INFERENCE_FAILED, f"inference {self._count} failed")
        time.sleep(self._wish.get("sleep_s", 0))

    def read(self) -> bytes:
        """Return what the inputs begin with."""
        return self._data[:5]


if __name__ == "__main__":
    sys.exit(loop.main("counting", "1", Engine))
