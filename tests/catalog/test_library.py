import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.errors import InputError


def put(lab: Path, name: str, text: str) -> Path:
    path = lab / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def shipped(name: str) -> str:
    family, _, file = name.partition("/")
    return (library.folder(family) / file).read_text()


def rack(*slots: str) -> str:
    return 'schema = 1\nid = "RACK"\n' + "".join(f'[[slot]]\nid = "{s}"\n' for s in slots)


def test_a_lab_adds_a_file_of_its_own(lab: Path) -> None:
    text = shipped("protocols/quick.toml").replace('id = "quick"', 'id = "mine"')
    put(lab, "protocols/mine.toml", text)
    assert list(library.protocols()) == ["ibd", "mine", "quick"]


def test_a_lab_replaces_a_file_of_ours(lab: Path) -> None:
    text = shipped("protocols/ibd.toml").replace("rest_s = 300.0", "rest_s = 600.0")
    put(lab, "protocols/ibd.toml", text)
    assert library.protocols()["ibd"].rest_s == 600


def test_an_editors_copy_is_not_read(lab: Path) -> None:
    put(lab, "protocols/.ibd.toml", "not toml")
    put(lab, "protocols/ibd.toml~", "not toml")
    assert list(library.protocols()) == ["ibd", "quick"]


def test_an_id_that_is_not_the_files_name_is_refused(lab: Path) -> None:
    path = put(lab, "protocols/mine.toml", shipped("protocols/quick.toml"))
    with pytest.raises(InputError) as caught:
        library.protocols()
    assert str(caught.value) == f"{path}: id: expected 'mine', the file's name, found 'quick'"


def test_a_phone_of_a_device_that_does_not_exist_is_refused(lab: Path) -> None:
    text = shipped("phones/pixel_4.toml").replace('device = "sd855"', 'device = "sd885"')
    path = put(lab, "phones/pixel_4.toml", text)
    with pytest.raises(InputError) as caught:
        library.phones()
    known = ", ".join(sorted(library.devices()))
    assert str(caught.value) == (
        f"{path}: device: device 'sd885' does not exist\n  Did you mean 'sd855'? Known: {known}."
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('protocol = "ibd"', 'protocol = "idb"',
         "protocol: protocol 'idb' does not exist\n  Did you mean 'ibd'? Known: ibd, quick."),
        ('"shapes_classifier"', '"shape_classifier"',
         "models: model 'shape_classifier' does not exist\n  Did you mean 'shapes_classifier'?"),
        ('"tensorflow"', '"tensorflow2"',
         "training_frameworks: training framework 'tensorflow2' does not exist\n"
         "  Did you mean 'tensorflow'? Known: caffe2, pytorch, tensorflow."),
        ('"cpu"', '"gpus"',
         "processors: processor 'gpus' does not exist\n  Did you mean 'gpu'?"),
    ],
)  # fmt: skip
def test_a_study_of_something_that_does_not_exist_is_refused(
    old: str, new: str, problem: str, lab: Path
) -> None:
    text = shipped("studies/shapes.toml")
    assert old in text
    path = put(lab, "studies/shapes.toml", text.replace(old, new))
    with pytest.raises(InputError) as caught:
        library.studies()
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_name_that_does_not_exist_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        library.lookup("protocol", "quik")
    assert str(caught.value) == (
        "protocol 'quik': does not exist\n  Did you mean 'quick'? Known: ibd, quick."
    )


def test_a_name_that_exists_is_found_in_its_family(lab: Path) -> None:
    put(lab, "racks/shelf.toml", rack("upper").replace("RACK", "shelf"))
    assert library.lookup("device", "sd855").name == "Qualcomm Snapdragon 855"
    assert library.lookup("phone", "pixel_4").device == "sd855"
    assert library.lookup("protocol", "ibd").timed_runs == 5
    assert library.lookup("study", "shapes").protocol == "ibd"
    assert library.lookup("model", "shapes_classifier").application == "classification"
    assert library.lookup("slot", "upper").serial == ""


def test_no_rack_is_shipped() -> None:
    assert library.racks() == {}
    assert library.slots() == {}


def test_slots_of_all_racks_are_one_family(lab: Path) -> None:
    put(lab, "racks/shelf.toml", rack("a", "b").replace("RACK", "shelf"))
    put(lab, "racks/tower.toml", rack("c").replace("RACK", "tower"))
    assert sorted(library.slots()) == ["a", "b", "c"]


def test_a_slot_in_two_racks_is_refused(lab: Path) -> None:
    put(lab, "racks/shelf.toml", rack("a").replace("RACK", "shelf"))
    path = put(lab, "racks/tower.toml", rack("b", "a").replace("RACK", "tower"))
    with pytest.raises(InputError) as caught:
        library.slots()
    assert str(caught.value) == f"{path}: slot[1].id: 'a' is a slot of rack 'shelf' already"


def test_every_artifact_lies_where_it_is_looked_for() -> None:
    for model in library.models().values():
        for artifact in [a for v in model.variants for a in v.artifacts]:
            path = library.model_folder(model) / artifact.file
            assert path.stat().st_size == artifact.size_bytes


def test_the_lab_keeps_its_files_in_its_own_configuration(lab: Path) -> None:
    assert library.user_folder("racks") == lab / "racks"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the package as a wheel lays it out: the models inside."""
    package = tmp_path / "site" / "ibd_mobile"
    source = library.folder("devices").parents[1]
    for name in ("core", "catalog"):
        shutil.copytree(source / name, package / name, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(source / "__init__.py", package)
    shutil.copytree(library.folder("models"), package / "models")
    return package


def in_package(package: Path, call: str) -> str:
    """Evaluate an expression on the library of an installed package; return what it printed."""
    program = (
        "from ibd_mobile.catalog import library\n"
        "from ibd_mobile.core.errors import InputError\n"
        f"try:\n    print({call})\nexcept InputError as error:\n    print(error)\n"
    )
    env = os.environ | {"PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=package, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_an_installed_package_finds_its_models_inside(installed: Path) -> None:
    assert in_package(installed, "library.folder('models')") == str(installed / "models")
    assert "shapes_classifier" in in_package(installed, "*library.models()").split()


def model_files(package: Path) -> tuple[Path, Path]:
    """Return a model's TOML and its first artifact."""
    path = package / "models" / "mini" / "shapes_classifier.toml"
    return path, path.with_name("shapes_classifier_tensorflow_float32.tflite")


def test_a_missing_artifact_is_refused(installed: Path) -> None:
    path, artifact = model_files(installed)
    artifact.unlink()
    assert in_package(installed, "library.models()") == (
        f"{path}: variants[0].artifacts[0].file: '{artifact.name}' is not beside this file"
    )


def test_an_artifact_that_is_a_link_is_refused(installed: Path) -> None:
    path, artifact = model_files(installed)
    artifact.rename(installed / "elsewhere")
    artifact.symlink_to(installed / "elsewhere")
    assert in_package(installed, "library.models()") == (
        f"{path}: variants[0].artifacts[0].file: '{artifact.name}' is not a plain file"
    )


def test_an_artifact_of_another_size_is_refused(installed: Path) -> None:
    path, artifact = model_files(installed)
    artifact.write_bytes(b"short")
    assert in_package(installed, "library.models()").startswith(
        f"{path}: variants[0].artifacts[0].size_bytes: expected 5, found "
    )


def test_two_models_of_one_id_are_refused(installed: Path) -> None:
    path, _ = model_files(installed)
    twin = installed / "models" / "zoo" / "shapes_classifier" / "model.toml"
    twin.parent.mkdir(parents=True)
    shutil.copy(path, twin)
    assert in_package(installed, "library.models()") == (
        f"{twin}: id: 'shapes_classifier' is the id of {path} already"
    )


def test_a_labs_own_model_takes_the_place_of_one_of_ours(lab: Path) -> None:
    ours = library.folder("models") / "zoo" / "vdsr.toml"
    text = ours.read_text().replace('name = "', 'name = "Our own ', 1)
    path = put(lab, "models/vdsr.toml", text)
    assert library.models()["vdsr"].name.startswith("Our own ")
    assert library.model_folder(library.models()["vdsr"]) == path.parent


def test_a_checkout_may_lie_in_a_folder_called_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "datasets"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    text = shipped("models/zoo/vdsr.toml").replace('id = "vdsr"', 'id = "mine"')
    put(home / "ibd-mobile", "models/mine.toml", text)
    assert "mine" in library.models()
    assert list(library.picture_sets()) == sorted(library.picture_sets())


def test_a_lab_adds_a_picture_set_of_its_own(lab: Path) -> None:
    text = shipped("datasets/imagenet_val.toml").replace('"imagenet_val"', '"mine"', 1)
    put(lab, "datasets/mine.toml", text)
    assert {"mine", "imagenet_val"} <= set(library.picture_sets())
