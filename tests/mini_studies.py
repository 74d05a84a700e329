"""The mini studies as a person runs them, but narrower and by shorter rules: each takes seconds."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ibd_mobile.catalog import library

#: study -> what of it is run; two values of its variable at least
NARROWED: Final[dict[str, tuple[str, ...]]] = {
    "training_framework_mini": (
        "--precision", "float32",
        "--training-framework", "tensorflow", "--training-framework", "caffe2",
    ),
    "input_size_mini": ("--input-size", "128,192"),
    "inference_framework_mini": (
        "--model", "shapes_classifier", "--framework", "litert", "--framework", "onnxruntime",
    ),
    "precision_mini": (
        "--model", "shapes_classifier", "--precision", "float32", "--precision", "int8",
    ),
    "batch_size_mini": ("--batch", "1,4"),
}  # fmt: skip
DEVICES: Final = {"host_cpu": (), "sd855": ("--sim", "--speed", "10")}
#: what the protocol `quick` has, and what `swift` has in its place
_SWIFTER = {'"quick"': '"swift"', "power_window_s = 5.0": "power_window_s = 1.0",
            "idle_s = 2.0": "idle_s = 0.4"}  # fmt: skip


@dataclass
class MiniStudyRuns:
    """Runs of the mini studies, each made when it is first asked for and kept for the session.

    Args:
        home: caches, settings and runs go there.
    """

    home: Path
    _made: dict[tuple[str, str], Path] = field(default_factory=dict)

    def __call__(self, study: str, device: str) -> Path:
        """Return the folder of the run of a study on a device."""
        if (study, device) not in self._made:
            self._made[study, device] = self._run(study, device)
        return self._made[study, device]

    def _run(self, study: str, device: str) -> Path:
        runs = self.home / "runs" / study / device
        words = ["run", "--study", study, *NARROWED[study], "--device", device, *DEVICES[device]]
        words += ["--protocol", self._protocol(), "--runs", str(runs)]
        script = "from ibd_mobile.cli.app import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            capture_output=True, text=True, env=self._environment(), check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (made,) = runs.iterdir()
        return made

    def _protocol(self) -> str:
        text = (library.folder("protocols") / "quick.toml").read_text()
        for long, short in _SWIFTER.items():
            assert long in text
            text = text.replace(long, short)
        folder = self.home / "config" / "ibd-mobile" / "protocols"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "swift.toml").write_text(text)
        return "swift"

    def _environment(self) -> dict[str, str]:
        own = {"XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
        return {**os.environ, **{name: str(self.home / folder) for name, folder in own.items()}}
