"""Runs the "network" of the stand-ins: the sum of the first channel, and of all values."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class SessionOptions:
    log_severity_level = 2


class InferenceSession:
    def __init__(self, path: str, options: SessionOptions, providers: list[str]) -> None:
        assert providers == ["CPUExecutionProvider"]
        self._model = json.loads(Path(path).read_text())

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="input", type="tensor(float)", shape=self._model["shape"])]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="logits", type="tensor(float)", shape=["N", 2])]

    def run(self, names: None, feeds: dict[str, Any]) -> list[Any]:
        samples = feeds["input"]
        fixed = self._model["shape"][0]
        assert fixed in (-1, len(samples))
        return [np.stack([samples[:, 0].sum((1, 2)), samples.sum((1, 2, 3))], axis=1)]
