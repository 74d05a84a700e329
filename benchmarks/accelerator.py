"""The paper's cloud study on an NVIDIA card of this computer, by one command.

    python benchmarks/accelerator.py t4

Batches 1 to 128 of ResNet50, ResNet152, VGG16 and MobileNet_v1, by PyTorch, eager and compiled, in
float32, float16 and bfloat16, under the protocol of the paper; untrained, since speed and power
are asked for. Writes the run's archive, its report as Markdown and as JSON, and what the card and
its driver were, into one folder under `docs/results/`.

It has not been run: no card was at hand. What it calls has been, over a stand-in of NVML.
"""

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

_MODELS = ("resnet50", "resnet152", "vgg16", "mobilenet_v1")
_PRECISIONS = ("float32", "float16", "bfloat16")
_FRAMEWORKS = ("pytorch", "pytorch_compiled")
_BATCHES = "1,2,4,8,16,32,64,128"
_MAIN = "from ibd_mobile.cli.app import main; main()"


def ibd(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ibd-mobile and let a person see what it says of its progress."""
    return subprocess.run(
        [sys.executable, "-c", _MAIN, *words], stdout=subprocess.PIPE, text=True, check=False
    )


def run_words(device: str, protocol: str, folder: Path) -> list[str]:
    """Return the words of the one run that measures all."""
    words = ["run", "--device", device, "--processor", "gpu", "--protocol", protocol]
    words += ["--training-framework", "pytorch", "--untrained", "--batch", _BATCHES]
    for option, values in (
        ("--model", _MODELS),
        ("--precision", _PRECISIONS),
        ("--framework", _FRAMEWORKS),
    ):
        words += [word for value in values for word in (option, value)]
    return [*words, "--runs", str(folder / "runs")]


def main() -> int:
    """Measure, write the folder, and return ibd-mobile's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", help="id of the card in the catalog: t4, h100 …")
    parser.add_argument("--protocol", default="ibd")
    args = parser.parse_args()
    today = datetime.now(UTC).date().isoformat()
    folder = Path(__file__).parents[1] / "docs" / "results" / f"{today}_{args.device}"
    folder.mkdir(parents=True, exist_ok=True)
    smi = ["sh", "-c", "nvidia-smi -q 2>&1"]
    card = subprocess.run(smi, capture_output=True, text=True, check=False)
    (folder / "card.txt").write_text(card.stdout)
    done = ibd(*run_words(args.device, args.protocol, folder))
    (folder / "run.txt").write_text(done.stdout)
    runs = sorted((folder / "runs").iterdir()) if (folder / "runs").is_dir() else []
    for run in runs[-1:]:
        for format, name in (("markdown", "report.md"), ("json", "report.json")):
            report = ibd("report", str(run), "--format", format)
            (folder / name).write_text(report.stdout)
    print(folder)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
