from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.convert.executor import Programs
from ibd_mobile.convert.recipe import Stage, Wish
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.convert.task import Task
from ibd_mobile.convert.workshop import Workshop
from ibd_mobile.core.model import ReferenceAccuracy


def test_a_stage_is_described_as_an_artifact(
    shelf: Shelf, steps: Path, task: Callable[..., Task]
) -> None:
    stage = Workshop(shelf, lambda _: None, Programs(folder=steps)).do(task()).stage
    known = ReferenceAccuracy(metric="top1", value=0.9, n=10, source="test")
    artifact = stage.artifact([known])
    assert artifact.reference == [known]
    assert (artifact.file, artifact.sha256) == (stage.file, stage.sha256)
    assert artifact.made_by.startswith("ibd-mobile models convert, step double (numpy ")
    assert stage.key[:12] in artifact.made_by


def test_a_stage_survives_its_document(
    shelf: Shelf, steps: Path, task: Callable[..., Task]
) -> None:
    stage = Workshop(shelf, lambda _: None, Programs(folder=steps)).do(task()).stage
    assert msgspec.json.decode(msgspec.json.encode(stage), type=Stage) == stage


def test_a_wish_names_a_format_that_exists() -> None:
    with pytest.raises(msgspec.ValidationError, match="tfnite"):
        msgspec.convert({"format": "tfnite"}, Wish)
