"""Accuracy on pictures of the lab: a set on disk, named on the command line."""

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from ibd_mobile.core.payload import models_folder
from tests.journeys.conftest import Said, command_line, failures, only_run, records

SET = """
schema = 1
id = "drawn"
name = "shapes as files"
application = "classification"
form = "list"
index = "val.txt"
pictures = "val"
labels = ["shapes_10"]
classes = [
  "circle", "square", "triangle", "star", "cross", "ring", "hexagon", "crescent", "heart", "arrow",
]
source = "tests"
"""
RUN = ("run", "--device", "host_cpu", "--study", "one_accuracy")


def shapes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shapes_", models_folder() / "mini/shapes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def own_model(folder: Path) -> None:
    """Write the shapes classifier as a lab's own model, with labels in place of a data set."""
    mini = models_folder() / "mini"
    head, first, *_ = (mini / "shapes_classifier.toml").read_text().split("[[variants]]")
    head = head.split("[dataset]")[0].replace("shapes_classifier", "drawn_classifier")
    first = first.replace("outputs_count = 10", 'outputs_count = 10\nlabels = "shapes_10"', 1)
    above, artifacts = first.split("[[variants.artifacts]]", 1)
    above = above.replace('source = "models', 'dataset = "drawn", source = "models')
    folder.mkdir(parents=True)
    text = f"{head}[[variants]]{above}[[variants.artifacts]]{artifacts}"
    (folder / "drawn_classifier.toml").write_text(text)
    for file in mini.glob("shapes_classifier_tensorflow*"):
        shutil.copy(file, folder)


@pytest.fixture(scope="module")
def lab(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with a model and a picture set of its own: settings, caches, and 1000 pictures."""
    lab = tmp_path_factory.mktemp("lab")
    config = lab / "config" / "ibd-mobile"
    for family in ("protocols", "studies"):
        shutil.copytree(home / "config" / "ibd-mobile" / family, config / family)
    (config / "datasets").mkdir()
    (config / "datasets" / "drawn.toml").write_text(SET)
    own_model(config / "models")
    drawn, lines = shapes(), []
    (lab / "drawn" / "val").mkdir(parents=True)
    for k, (pixels, label) in enumerate(
        zip(drawn.images(1, 1000), drawn.labels(1, 1000), strict=True)
    ):
        Image.fromarray(pixels).save(lab / "drawn" / "val" / f"{k:04}.png", compress_level=1)
        lines.append(f"{k:04}.png {label}\n")
    (lab / "drawn" / "val.txt").write_text("".join(lines))
    return lab


@pytest.fixture
def at_lab(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(lab / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(lab / "cache"))
    return lab


def accuracy(run: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    (record,) = records(run)
    return record, {m["name"]: m for m in record["metrics"] if m["group"] == "accuracy"}


def copied(lab: Path, folder: Path, count: int) -> Path:
    """The first pictures of the set, in a folder that a test may damage."""
    (folder / "val").mkdir(parents=True)
    lines = (lab / "drawn" / "val.txt").read_text().splitlines(keepends=True)[:count]
    (folder / "val.txt").write_text("".join(lines))
    for line in lines:
        shutil.copy(lab / "drawn" / "val" / line.split()[0], folder / "val")
    return folder


def run(runs: Path, folder: Path, *words: str) -> Said:
    named = ("--model", "drawn_classifier", "--pictures", f"drawn={folder}")
    return command_line(runs)(*RUN, *named, *words)


def test_pictures_on_disk_give_the_accuracy_of_the_set_they_were_drawn_as(
    at_lab: Path, tmp_path: Path
) -> None:
    said = command_line(tmp_path / "drawn")(*RUN)
    assert said.code == 0, said.err
    _, expected = accuracy(only_run(tmp_path / "drawn"))
    said = run(tmp_path / "files", at_lab / "drawn")
    assert said.code == 0, said.err
    record, found = accuracy(only_run(tmp_path / "files"))
    # the same pictures, opened as files, and the same source, stated for them
    for name in expected:
        for key in ("value", "low", "high", "n", "missing"):
            assert found[name][key] == expected[name][key], name
    assert found["top1_ratio"]["n"] == 1000
    assert found["top1_loss_ratio"]["value"] is not None
    assert record["workload"]["dataset"].startswith("drawn_1000_")
    context = json.loads(next((tmp_path / "files").glob("*/jobs/*/raw/context.json")).read_bytes())
    dataset = context["model"]["dataset"]
    assert (dataset["pictures"], dataset["count"]) == ("drawn", 1000)
    assert command_line(tmp_path / "files")("verify").code == 0


def test_the_first_pictures_alone_are_another_set_and_the_environment_can_name_it(
    at_lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBD_PICTURES", f"drawn={at_lab / 'drawn'}")
    words = ("--model", "drawn_classifier", "--pictures-count", "50")
    said = command_line(tmp_path / "runs")(*RUN, *words)
    assert said.code == 0, said.err
    record, found = accuracy(only_run(tmp_path / "runs"))
    assert found["top1_ratio"]["n"] == 50
    assert "what the float32 source reaches on drawn_50_" in found["top1_loss_ratio"]["missing"]
    # another lab has the same pictures elsewhere
    monkeypatch.delenv("IBD_PICTURES")
    said = run(tmp_path / "again", copied(at_lab, tmp_path / "elsewhere", 50))
    again, _ = accuracy(only_run(tmp_path / "again"))
    assert again["workload"]["dataset"] == record["workload"]["dataset"]


def test_a_picture_that_is_cut_short_fails_the_job_by_name_and_resume_wants_the_pictures(
    at_lab: Path, tmp_path: Path
) -> None:
    folder = copied(at_lab, tmp_path / "cut", 6)
    whole = (folder / "val" / "0004.png").read_bytes()
    (folder / "val" / "0004.png").write_bytes(whole[: len(whole) // 2])
    said = run(tmp_path / "runs", folder)
    assert said.code == 9
    (failure,) = failures(only_run(tmp_path / "runs"))
    assert failure["subject"] == f"{folder}/val.txt:5: 'val/0004.png'"
    assert "is no picture that can be read" in failure["problem"]
    resume = command_line(tmp_path / "runs")
    said = resume("resume")
    assert said.code == 3
    assert "Say where it lies: --pictures drawn=FOLDER." in said.err
    (folder / "val" / "0004.png").write_bytes(whole)
    said = resume("resume", "--pictures", f"drawn={folder}")
    assert said.code == 3
    assert "and these pictures are drawn_6_" in said.err


def test_a_run_that_was_left_goes_on_with_the_same_pictures(at_lab: Path, tmp_path: Path) -> None:
    folder = copied(at_lab, tmp_path / "set", 5)
    assert run(tmp_path / "runs", folder).code == 0
    done = only_run(tmp_path / "runs")
    shutil.rmtree(next(done.glob("jobs/*")))
    said = command_line(tmp_path / "runs")("resume", "--pictures", f"drawn={folder}")
    assert said.code == 0, said.err
    assert accuracy(done)[1]["top1_ratio"]["n"] == 5


def test_what_is_missing_is_named_before_anything_is_measured(at_lab: Path, tmp_path: Path) -> None:
    folder = copied(at_lab, tmp_path / "less", 5)
    (folder / "val" / "0002.png").unlink()
    said = run(tmp_path / "runs", folder)
    assert said.code == 3
    assert f"{folder}/val.txt:3: 'val/0002.png' is not there" in said.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("drwan=/x", "picture set 'drwan': does not exist"),
        ("drawn", "expected a set and its folder"),
        ("drawn=/there/is/no/such", "/there/is/no/such: does not exist"),
    ],
)
def test_what_is_named_wrongly_is_told(
    at_lab: Path, tmp_path: Path, named: str, problem: str
) -> None:
    words = ("--model", "drawn_classifier", "--pictures", named)
    said = command_line(tmp_path / "runs")(*RUN, *words)
    assert said.code == 3
    assert problem in said.err
