"""Data sets that lie on a disk: which models they are given to, and what inputs become of them."""

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from ibd_mobile.bench import inputs
from ibd_mobile.bench.inputs import labelled_inputs
from ibd_mobile.bench.pictures import (
    check_planned,
    dataset_of,
    fits,
    folders_by_set,
    with_pictures,
)
from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import Pictures, open_pictures
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import HostError, InputError
from ibd_mobile.core.model import Artifact, Model, Tensor
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.results import truth

SETS = library.picture_sets()
DRAWN = PictureSet(
    schema=1, id="drawn", name="Drawn", application="classification", form="list",
    index="val.txt", labels=["shapes_10"], classes_count=10, source="tests",
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ibd-mobile" / "inputs"


@pytest.fixture
def files(shapes: ModuleType, tmp_path: Path) -> Path:
    """The small set of these tests as files."""
    folder, lines = tmp_path / "drawn", []
    folder.mkdir()
    for k, (pixels, label) in enumerate(
        zip(shapes.images(1, 20), shapes.labels(1, 20), strict=True)
    ):
        Image.fromarray(pixels).save(folder / f"{k}.png")
        lines.append(f"{k}.png {label}\n")
    (folder / "val.txt").write_text("".join(lines))
    return folder


def bare(model: Model, labels: str = "shapes_10") -> Model:
    """A model without a data set of its own."""
    variants = [msgspec.structs.replace(v, labels=labels) for v in model.variants]
    return msgspec.structs.replace(model, dataset=None, variants=variants)


def given(model: Model, pictures: Pictures) -> Model:
    return msgspec.structs.replace(model, dataset=dataset_of(pictures, model))


def prepared(model: Model, **changes: object) -> Model:
    variant = model.variants[0]
    taken = msgspec.structs.replace(variant.input, **changes)
    return msgspec.structs.replace(model, variants=[msgspec.structs.replace(variant, input=taken)])


@pytest.mark.parametrize("order", ["RGB", "BGR"])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_files_give_the_very_bytes_of_the_set_they_were_drawn_as(
    small: Stock, files: Path, precision: str, order: str
) -> None:
    model = prepared(small.models["shapes_classifier"], colour_order=order, mean=[10.0, 20.0, 30.0])
    chosen = next(a for a in model.variants[0].artifacts if a.precision == precision)
    expected = labelled_inputs(model, model.variants[0], chosen)
    pictures = open_pictures(DRAWN, files, None)
    own = given(bare(model), pictures)
    found = labelled_inputs(own, own.variants[0], chosen, pictures)
    assert found.file != expected.file
    assert found.file.read_bytes() == expected.file.read_bytes()
    assert found.truth.tolist() == expected.truth.tolist()
    assert found.dataset == own.dataset
    shutil.rmtree(files)  # what was made once is taken again
    assert labelled_inputs(own, own.variants[0], chosen, pictures).file == found.file


def test_a_set_is_named_by_what_it_holds(small: Stock, files: Path) -> None:
    model = bare(small.models["shapes_classifier"])
    whole = dataset_of(open_pictures(DRAWN, files, None), model)
    assert whole.id.startswith("drawn_20_")
    assert dataset_of(open_pictures(DRAWN, files, 20), model) == whole
    assert dataset_of(open_pictures(DRAWN, files, 10), model).id.startswith("drawn_10_")
    text = (files / "val.txt").read_text()
    first, rest = text.split("\n", 1)
    other = f"{first.split()[0]} {(int(first.split()[1]) + 1) % 10}"
    (files / "val.txt").write_text(f"{other}\n{rest}")
    relabelled = dataset_of(open_pictures(DRAWN, files, None), model)
    assert relabelled.images_sha256 == whole.images_sha256
    assert relabelled.id != whole.id


@pytest.mark.parametrize(
    ("set_id", "model", "is_fit"),
    [
        ("imagenet_val", "mobilenet_v1", True),  # after the background from one, not from another
        ("imagenet_val", "resnet50", True),
        ("imagenet_val", "ssd_mobilenet_v1", False),
        ("imagenet_val", "shapes_classifier", False),
        ("coco_val2017", "ssd_mobilenet_v1", True),
        ("coco_val2017", "scenes_detector", False),
        ("voc2012_val", "ssd_mobilenet_v1", False),
        ("voc2012_pictures", "vdsr", True),
        ("voc2012_pictures", "textures_vdsr", False),
    ],
)
def test_a_set_fits_models_whose_labels_it_has(set_id: str, model: str, is_fit: bool) -> None:
    assert fits(SETS[set_id], library.models()[model]) == is_fit


def test_folders_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/lab")
    found = folders_by_set(["imagenet_val=~/a=b", "coco_val2017=/data/coco"])
    assert found == {
        "imagenet_val": Path("/home/lab/a=b"), "coco_val2017": Path("/data/coco"),
    }  # fmt: skip
    for wrong in (["imagenet_val"], ["imagenet_val="], ["imagenet_val=a", "imagenet_val=b"]):
        with pytest.raises(InputError, match="--pictures"):
            folders_by_set(wrong)
    with pytest.raises(InputError, match="Did you mean 'imagenet_val'"):
        folders_by_set(["imagnet_val=/data"])


def imagenet(folder: Path) -> Path:
    folder.mkdir()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "a.png")
    (folder / "val.txt").write_text("a.png 7\n")
    return folder


def test_models_without_a_set_get_the_one_that_fits(tmp_path: Path) -> None:
    stock = Stock.read()
    study = msgspec.structs.replace(
        stock.studies["shapes"], models=["vgg16", "shapes_classifier", "vdsr"]
    )
    folder, said = imagenet(tmp_path / "imagenet"), list[str]()
    folders = {"imagenet_val": folder, "coco_val2017": tmp_path / "nowhere"}
    made = with_pictures(stock, study, folders, {}, said.append)
    dataset = made.models["vgg16"].dataset
    assert dataset is not None
    assert dataset.id in made.pictures
    assert len(dataset.labels) == 1000
    assert made.models["shapes_classifier"] == stock.models["shapes_classifier"]
    assert made.models["vdsr"].dataset is None
    assert made.models["resnet50"].dataset is None  # not of this study
    assert said == [
        "reading the pictures of ImageNet, ILSVRC 2012 validation …",
        "coco_val2017 is not used: it fits no model of the study that has no data set of its own",
    ]


@pytest.mark.parametrize("changes", [{"kinds": ["measure"]}, {"weights": "untrained"}])
def test_a_set_that_no_job_needs_is_not_opened(tmp_path: Path, changes: Any) -> None:
    stock = Stock.read()
    study = msgspec.structs.replace(stock.studies["shapes"], models=["vgg16"], **changes)
    assert with_pictures(stock, study, {"imagenet_val": tmp_path / "nowhere"}, {}) is stock


def test_two_sets_for_one_model_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = {id: msgspec.structs.replace(SETS["imagenet_val"], id=id) for id in ("one", "two")}
    monkeypatch.setattr(library, "picture_sets", lambda: {**SETS, **two})
    stock = Stock.read()
    study = msgspec.structs.replace(stock.studies["shapes"], models=["vgg16"])
    folder = imagenet(tmp_path / "imagenet")
    with pytest.raises(InputError, match="could be tested on one and two"):
        with_pictures(stock, study, {"one": folder, "two": folder}, {})


def test_a_run_goes_on_with_the_pictures_it_began_with(small: Stock, files: Path) -> None:
    model = bare(small.models["shapes_classifier"])
    planned = {model.id: dataset_of(open_pictures(DRAWN, files, None), model)}

    def stock_of(dataset: Any) -> Stock:
        changed = msgspec.structs.replace(model, dataset=dataset)
        return Stock({}, {}, {}, {}, {model.id: changed}, {})

    check_planned(stock_of(planned[model.id]), planned)
    with pytest.raises(InputError, match="is tested on drawn_20_") as caught:
        check_planned(stock_of(None), planned)
    assert caught.value.remedy == "Say where it lies: --pictures drawn=FOLDER."
    other = dataset_of(open_pictures(DRAWN, files, 19), model)
    with pytest.raises(InputError, match="and these pictures are drawn_19_"):
        check_planned(stock_of(other), planned)


# Inputs


def test_a_disk_without_room_is_told_before_anything_is_written(
    small: Stock, files: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        inputs.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100_000_000})
    )
    model = small.models["shapes_classifier"]
    pictures = open_pictures(DRAWN, files, None)
    own = given(bare(model), pictures)
    chosen = model.variants[0].artifacts[0]
    assert labelled_inputs(own, own.variants[0], chosen, pictures).file.is_file()
    many = msgspec.structs.replace(own.dataset, images_sha256="many", count=50_000)
    own = msgspec.structs.replace(own, dataset=many)
    with pytest.raises(HostError, match=r"has 0\.1 GB left, and inputs need 2\.5 GB"):
        labelled_inputs(own, own.variants[0], chosen, pictures)
    assert len(list(cache.iterdir())) == 1


def test_more_outputs_than_can_be_fetched_are_told_before(small: Stock, files: Path) -> None:
    model = small.models["shapes_classifier"]
    pictures = open_pictures(DRAWN, files, None)
    own = given(bare(model), pictures)
    large = Tensor(name="scores", dtype="float32", shape=[-1, 10_000, 4_000])
    chosen = msgspec.structs.replace(model.variants[0].artifacts[0], outputs=[large])
    with pytest.raises(InputError, match=r"gives 3\.2 GB of outputs for 20 pictures") as caught:
        labelled_inputs(own, own.variants[0], chosen, pictures)
    assert caught.value.remedy == "Say --pictures-count 13."


def test_pictures_that_nobody_named_are_asked_for(small: Stock, files: Path) -> None:
    model = small.models["shapes_classifier"]
    own = given(bare(model), open_pictures(DRAWN, files, None))
    with pytest.raises(InputError, match="is to be tested on drawn_20_"):
        labelled_inputs(own, own.variants[0], model.variants[0].artifacts[0])


# Super-resolution


def upscaler(size: int = 12) -> tuple[Model, Artifact]:
    """VDSR for small pictures."""
    model = library.models()["vdsr"]
    pytorch = model.variant("pytorch")
    assert pytorch is not None
    taken = msgspec.structs.replace(pytorch.input, height=16, width=16, resize_px=16)
    model = msgspec.structs.replace(
        model, variants=[msgspec.structs.replace(pytorch, input=taken)], enlargement_ratio=2
    )
    tensor = Tensor(name="x", dtype="float32", shape=[-1, 1, size, size])
    artifact = msgspec.structs.replace(
        library.models()["textures_vdsr"].variants[0].artifacts[0],
        inputs=[tensor], outputs=[tensor], layout="NCHW",
    )  # fmt: skip
    return model, artifact


def voc(folder: Path) -> Path:
    random = np.random.default_rng(4)
    home = folder / "VOC2012"
    for part in ("JPEGImages", "ImageSets/Main"):
        (home / part).mkdir(parents=True)
    for name, (height, width) in {"a": (40, 60), "b": (50, 33)}.items():
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(home / "JPEGImages" / f"{name}.jpg", quality=95)
    (home / "ImageSets/Main/val.txt").write_text("a\nb\n")
    return folder


@pytest.mark.parametrize("size", [16, 32])
def test_a_picture_is_the_truth_and_what_is_left_of_it_the_input(tmp_path: Path, size: int) -> None:
    model, artifact = upscaler(size)
    pictures = open_pictures(SETS["voc2012_pictures"], voc(tmp_path / "voc"), None)
    model = given(model, pictures)
    assert model.dataset is not None
    assert model.dataset.id.startswith("voc2012_pictures_x2_2_")
    for _ in range(2):  # made, then taken from the cache
        found = labelled_inputs(model, model.variants[0], artifact, pictures)
        assert found.truth.shape == (2, size, size, 1)
        assert found.dataset.truth_sha256 == truth.sha256(found.truth)
        assert found.dataset.id == model.dataset.id
        given_pixels = np.fromfile(found.file, "<f4").reshape(2, size, size) * 255
        for pixels, true in zip(given_pixels, found.truth[..., 0], strict=True):
            whole = Image.fromarray(true)
            bicubic = Image.Resampling.BICUBIC
            small = whole.resize((size // 2, size // 2), bicubic)
            expected = np.asarray(small.resize((size, size), bicubic))
            assert np.abs(pixels - expected).max() < 1e-3
            assert np.abs(pixels - true).mean() > 3, "nothing was lost"


def test_a_size_that_is_no_multiple_of_the_factor_is_refused(tmp_path: Path) -> None:
    model, artifact = upscaler(17)
    pictures = open_pictures(SETS["voc2012_pictures"], voc(tmp_path / "voc"), None)
    model = given(model, pictures)
    with pytest.raises(InputError, match="17 × 17 pixels cannot be made 2 times smaller evenly"):
        labelled_inputs(model, model.variants[0], artifact, pictures)


def test_a_picture_that_is_cut_short_is_named_and_nothing_is_kept(
    tmp_path: Path, cache: Path
) -> None:
    home = voc(tmp_path / "voc")
    cut = home / "VOC2012/JPEGImages/b.jpg"
    cut.write_bytes(cut.read_bytes()[:700])
    model, artifact = upscaler(16)
    pictures = open_pictures(SETS["voc2012_pictures"], home, None)
    model = given(model, pictures)
    with pytest.raises(InputError, match=r"val\.txt:2: 'VOC2012/JPEGImages/b\.jpg': is no picture"):
        labelled_inputs(model, model.variants[0], artifact, pictures)
    assert not list(cache.glob("*"))
