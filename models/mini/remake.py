"""Make every file of the models here again, and say whether its accuracy is the recorded one.

Each source is converted by the product itself and measured on its test set. Without `--write`
nothing here changes. Ends with 1 where a figure lies outside its recorded interval, or where
nothing is recorded for it. Training is not repeated unless `--train` asks for it: it takes an hour
on two cores. Needs ibd-mobile installed, and onnxruntime.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from ibd_remaking import card, readme, verdict
from ibd_remaking.artifacts import with_artifacts, with_dataset, with_sources
from ibd_remaking.training import train

from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.sources import Sources
from ibd_mobile.core.model import Model

MINI = Path(__file__).resolve().parent


def sources_here(models: list[Model], folder: Path) -> None:
    """Copy the trained sources that lie here into a folder; Caffe2's are made again anyhow."""
    for model in models:
        for variant in model.variants:
            for file in variant.source.files if variant.source is not None else []:
                if (MINI / file.url).is_file():
                    shutil.copyfile(MINI / file.url, folder / file.url)


def remade(recorded: Model, folder: Path, maker: Maker) -> Model:
    """Make all files of a model in a folder, and return what its TOML shall say."""
    model = with_sources(with_dataset(recorded), folder, maker)
    return with_artifacts(model, folder, maker)


def main() -> None:
    """Make all models again, compare, and take their place if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="overwrite files and TOMLs here")
    parser.add_argument("--train", action="store_true", help="train the networks anew before")
    parser.add_argument("ids", nargs="*", help="models; all, if none is named")
    chosen = parser.parse_args()
    cards = [
        path for path in sorted(MINI.glob("*.toml")) if not chosen.ids or path.stem in chosen.ids
    ]
    models = [card.read(path) for path in cards]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources_here(models, folder)
        if chosen.train:
            train(folder)
        sources = Sources(root=folder / "fetched", pins=folder / "pins")
        maker = Maker(sources=sources, say=lambda words: print(words, flush=True))
        is_good = True
        for path, recorded in zip(cards, models, strict=True):
            made = remade(recorded, folder, maker)
            lines = list(verdict.lines(made, recorded))
            print(verdict.table(lines))
            is_good &= all(line.is_good for line in lines)
            if made.dataset != recorded.dataset:
                print(f"{recorded.id}: its data set is NOT the recorded one")
                is_good = False
            if chosen.write:
                card.write(path, made)
                readme.write(MINI / "README.md", made)
                _take_over(made, folder)
    sys.exit(not (is_good or chosen.write))


def _take_over(made: Model, folder: Path) -> None:
    for variant in made.variants:
        names = [artifact.file for artifact in variant.artifacts]
        names += [file.url for file in variant.source.files] if variant.source else []
        for name in names:
            shutil.copyfile(folder / name, MINI / name)
            print("written:", MINI / name)


if __name__ == "__main__":
    main()
