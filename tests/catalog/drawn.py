"""A picture set of three files, and pictures to make others of."""

from pathlib import Path

import numpy as np
from PIL import Image

from ibd_mobile.core.picture_set import PictureSet

LIST = PictureSet(
    schema=1,
    id="animals",
    name="Animals",
    application="classification",
    form="list",
    index="val.txt",
    pictures="val",
    labels=["animals_3"],
    classes=["ant", "bee", "cow"],
    known={"0.jpg": 2},
    source="tests",
)


def picture(path: Path, height: int = 8, width: int = 12, shade: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), shade, np.uint8)).save(path)


def write_animals(folder: Path) -> Path:
    for k in range(3):
        picture(folder / "val" / f"{k}.jpg", shade=40 * k)
    (folder / "val.txt").write_text("0.jpg 2\n1.jpg 0\n2.jpg 1\n")
    return folder
