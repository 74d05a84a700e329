"""Running the training scripts, each in the environment that its head asks for."""

import os
import subprocess
from pathlib import Path

from ibd_mobile.core import environment

MINI = Path(__file__).resolve().parent.parent
SCRIPTS = (
    "shapes_classifier/train_tensorflow.py",
    "shapes_classifier/train_pytorch.py",
    "scenes_detector/train_tensorflow.py",
    "textures_vdsr/train_pytorch.py",
)


def train(folder: Path) -> None:
    """Train all networks and write their sources.

    Args:
        folder: where the files go.
    """
    for name in SCRIPTS:
        print(f"training: {name}", flush=True)
        run(MINI / name, "--folder", str(folder))


def run(script: Path, *words: str) -> None:
    """Run a script of this folder; what it says goes where ours goes.

    Raises:
        CalledProcessError: it failed.
    """
    start = environment.start(script)
    # a Python that has everything is started without the script's folder on its path
    paths = [str(script.parent), start.environment["PYTHONPATH"]]
    variables = start.environment | {"PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([*start.argv, *words], env=variables, check=True)
