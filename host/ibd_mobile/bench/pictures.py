"""Data sets of pictures for the models of a study that have none of their own."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import Pictures, open_pictures
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job
from ibd_mobile.core.model import Dataset, Model
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.registry import unknown
from ibd_mobile.core.study import Study
from ibd_mobile.results import truth

_ID_DIGITS = 8  #: of a hash in an id


def folders_by_set(named: list[str]) -> dict[str, Path]:
    """Read "imagenet_val=/data/imagenet" and the like.

    Raises:
        InputError: no such set, no folder, or a set that is named twice.

    >>> folders_by_set(["imagenet_val=/data/imagenet"])
    {'imagenet_val': PosixPath('/data/imagenet')}
    """
    known, found = library.picture_sets(), dict[str, Path]()
    for text in named:
        id, equals, folder = text.partition("=")
        if not equals or not folder:
            problem = f"expected a set and its folder, found '{text}'"
            raise InputError("--pictures", problem, "Write --pictures imagenet_val=/data/imagenet.")
        if id not in known:
            raise unknown("picture set", id, known)
        if id in found:
            raise InputError("--pictures", f"'{id}' is named twice", "Name one folder.")
        found[id] = Path(folder).expanduser()  # no shell does it behind a =
    return found


def with_pictures(
    stock: Stock,
    study: Study,
    folders: Mapping[str, Path],
    counts: Mapping[str, int],
    say: Callable[[str], None] = lambda _: None,
) -> Stock:
    """Give the models of a study that have no data set the pictures that fit them.

    Sets that no accuracy job needs are not opened.

    Args:
        stock: the catalog.
        study: what is to be measured.
        folders: where sets lie, by id.
        counts: of sets of which only the first so many pictures are taken, by id.
        say: told before a set is opened, since each file of it is read, and of sets not used.

    Raises:
        InputError: a set cannot be opened, or two fit one model.
    """
    if "accuracy" not in study.kinds or study.weights == "untrained":
        return stock
    known, opened = library.picture_sets(), dict[str, Pictures]()
    models, pictures = dict(stock.models), dict(stock.pictures)
    for name in study.models:
        model = models.get(name)
        fitting = [] if model is None else [id for id in folders if fits(known[id], model)]
        if model is None or not fitting:
            continue
        if len(fitting) > 1:
            problem = f"could be tested on {' and '.join(fitting)}"
            raise InputError(f"model '{name}'", problem, "Name one of them with --pictures.")
        id = fitting[0]
        if id not in opened:
            say(f"reading the pictures of {known[id].name} …")
            opened[id] = open_pictures(known[id], folders[id], counts.get(id))
        dataset = dataset_of(opened[id], model)
        models[name] = msgspec.structs.replace(model, dataset=dataset)
        pictures[dataset.id] = opened[id]
    for id in sorted(folders.keys() - opened.keys()):
        say(f"{id} is not used: it fits no model of the study that has no data set of its own")
    return replace(stock, models=models, pictures=pictures)


def fits(pictures: PictureSet, model: Model) -> bool:
    """Whether a set can be the test of a model that has none of its own."""
    if model.dataset is not None or model.application != pictures.application:
        return False
    if model.application == "super_resolution":
        return model.enlargement_ratio > 0
    return all(variant.labels in pictures.labels for variant in model.variants)


def dataset_of(pictures: Pictures, model: Model) -> Dataset:
    """Name the data set that these pictures are: whoever has the same gets the same id.

    What a super-resolution network gets is made of the picture by its factor, which is in the id.
    """
    made = f"_x{model.enlargement_ratio}" if model.application == "super_resolution" else ""
    truth_sha256 = "" if pictures.truth is None else truth.sha256(pictures.truth)
    content = hashlib.sha256(f"{pictures.sha256} {truth_sha256}".encode()).hexdigest()
    count = len(pictures.entries)
    return Dataset(
        id=f"{pictures.set_id}{made}_{count}_{content[:_ID_DIGITS]}",
        pictures=pictures.set_id,
        count=count,
        labels=list(pictures.class_names),
        images_sha256=pictures.sha256,
        truth_sha256=truth_sha256,
    )


def named_datasets(stock: Stock, jobs: Iterable[Job]) -> dict[str, Dataset]:
    """Return the pictures of the lab that models of jobs are tested on, by the model's id."""
    found = {}
    for name in dict.fromkeys(job.model for job in jobs):
        dataset = stock.models[name].dataset
        if dataset is not None and dataset.pictures:
            found[name] = dataset
    return found


def check_planned(stock: Stock, planned: Mapping[str, Dataset]) -> None:
    """Refuse to go on with a run on other pictures than it began with.

    Args:
        stock: with the pictures that are named now.
        planned: data set of each model when the run was planned.

    Raises:
        InputError: a set is not named, or is another than it was.
    """
    for name, dataset in planned.items():
        now = stock.models[name].dataset if name in stock.models else None
        if now is None:
            problem = f"is tested on {dataset.id} in this run"
            remedy = f"Say where it lies: --pictures {dataset.pictures}=FOLDER."
            raise InputError(f"model '{name}'", problem, remedy)
        if now != dataset:
            problem = f"is tested on {dataset.id} in this run, and these pictures are {now.id}"
            raise InputError(f"model '{name}'", problem, "Name the folder as it was, or run anew.")
