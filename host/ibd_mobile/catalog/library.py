"""What lies in the folders: the package's own data files, and a lab's beside them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args, overload

import platformdirs

from ibd_mobile.catalog.rack import Rack
from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.core.device import Device, Phone, ProcessorKind, Slot
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Artifact, Model, TrainingFramework
from ibd_mobile.core.payload import models_folder
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.registry import unknown
from ibd_mobile.core.study import Protocol, Study

T = TypeVar("T", Device, Phone, Protocol, Study, Model, PictureSet, Rack)

_HOME: Final = Path(__file__).parent


def devices() -> dict[str, Device]:
    """Read all devices, by id.

    A lab's own file with the id of one of ours takes its place; so with all families.

    Raises:
        InputError: a file is broken; it is named.
    """
    return dict(_read(_files("devices"), Device))


def phones() -> dict[str, Phone]:
    """Read all phone models, by id.

    Raises:
        InputError: a file is broken, or names a device that does not exist.
    """
    files = _files("phones")
    found = dict(_read(files, Phone))
    known = _files("devices")
    for phone in found.values():
        _refer(files[phone.id], "device", "device", [phone.device], known)
    return found


def protocols() -> dict[str, Protocol]:
    """Read all protocols, by id.

    Raises:
        InputError: a file is broken; it is named.
    """
    return dict(_read(_files("protocols"), Protocol))


def studies() -> dict[str, Study]:
    """Read all studies, by id.

    The frameworks they name are not looked up here: the catalog knows no programs, the plan does.

    Raises:
        InputError: a file is broken, or names something that does not exist.
    """
    files = _files("studies")
    found = dict(_read(files, Study))
    known = (_files("protocols"), _model_files(), get_args(TrainingFramework))
    for study in found.values():
        path = files[study.id]
        _refer(path, "protocol", "protocol", [study.protocol], known[0])
        _refer(path, "models", "model", study.models, known[1])
        _refer(
            path, "training_frameworks", "training framework", study.training_frameworks, known[2]
        )
        _refer(path, "processors", "processor", study.processors, get_args(ProcessorKind))
    return found


def models() -> dict[str, Model]:
    """Read all models, by id, and check that each one's files are beside it.

    Raises:
        InputError: a file is broken, an artifact is missing, no plain file or of another size, or
            no picture set has the labels that a variant names.
    """
    files = _model_files()
    found = dict(_read(files, Model))
    known = sorted({name for one in picture_sets().values() for name in one.labels})
    for model in found.values():
        for v, variant in enumerate(model.variants):
            place = f"variants[{v}].labels"
            named = [variant.labels] if variant.labels else []
            _refer(files[model.id], place, "labels", named, known)
            for a, artifact in enumerate(variant.artifacts):
                _check_artifact(files[model.id], f"variants[{v}].artifacts[{a}]", artifact)
    return found


def picture_sets() -> dict[str, PictureSet]:
    """Read all picture sets, by id.

    Raises:
        InputError: a file is broken; it is named.
    """
    return dict(_read(_files("datasets"), PictureSet))


def model_folder(model: Model) -> Path:
    """Return the folder of a model's TOML, where its shipped files lie.

    Raises:
        InputError: the model has no file in the catalog.
    """
    files = _model_files()
    if model.id not in files:
        raise unknown("model", model.id, files)
    return files[model.id].parent


def racks() -> dict[str, Rack]:
    """Read the racks that the lab has described, by id; none are shipped.

    Raises:
        InputError: a file is broken, or two slots have one id.
    """
    files = _files("racks")
    found = dict(_read(files, Rack))
    owners: dict[str, str] = {}
    for rack in found.values():
        for index, slot in enumerate(rack.slots):
            if slot.id in owners:
                raise InputError(
                    str(files[rack.id]),
                    f"slot[{index}].id: '{slot.id}' is a slot of rack '{owners[slot.id]}' already",
                )
            owners[slot.id] = rack.id
    return found


def slots() -> dict[str, Slot]:
    """Return the slots of all racks, by id.

    Raises:
        InputError: as `racks`.
    """
    return {slot.id: slot for rack in racks().values() for slot in rack.slots}


@overload
def lookup(kind: Literal["device"], id: str) -> Device: ...
@overload
def lookup(kind: Literal["phone"], id: str) -> Phone: ...
@overload
def lookup(kind: Literal["protocol"], id: str) -> Protocol: ...
@overload
def lookup(kind: Literal["study"], id: str) -> Study: ...
@overload
def lookup(kind: Literal["model"], id: str) -> Model: ...
@overload
def lookup(kind: Literal["slot"], id: str) -> Slot: ...
def lookup(kind: str, id: str) -> object:
    """Return one member of a family by its id.

    Raises:
        InputError: there is none of that id, and the nearest is offered; or a file is broken.
    """
    families: dict[str, Callable[[], Mapping[str, object]]] = {
        "device": devices,
        "phone": phones,
        "protocol": protocols,
        "study": studies,
        "model": models,
        "slot": slots,
    }
    family = families[kind]()
    if id not in family:
        raise unknown(kind, id, family)
    return family[id]


def folder(name: str) -> Path:
    """Return where the package keeps a family's files, in a checkout as in a wheel.

    Args:
        name: "devices", "phones", "protocols", "studies", "models" or "datasets".
    """
    if name == "datasets":
        return models_folder() / name
    return models_folder() if name == "models" else _HOME / name


def user_folder(name: str) -> Path:
    """Return where a lab keeps its own files of a family; it need not exist.

    Args:
        name: "devices", "phones", "protocols", "studies", "models", "datasets" or "racks".
    """
    return platformdirs.user_config_path("ibd-mobile", appauthor=False) / name


def _files(name: str) -> dict[str, Path]:
    """Find the files of a family by the id they should have, the lab's own over the package's."""
    found = {p.stem: p for p in _toml_in(folder(name))}
    found |= {p.stem: p for p in _toml_in(user_folder(name))}
    return dict(sorted(found.items()))


def _toml_in(home: Path) -> list[Path]:
    # a name with a leading dot is an editor's copy
    return sorted(p for p in home.glob("*.toml") if not p.name.startswith("."))


def _model_files() -> dict[str, Path]:
    """Find each model's file: `<id>.toml`, or `model.toml` in a folder named like the id.

    A lab's own model takes the place of one of ours.
    """
    return _models_under(folder("models")) | _models_under(user_folder("models"))


def _models_under(home: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(home.glob("**/*.toml")):
        if path.name.startswith(".") or "datasets" in path.relative_to(home).parts:
            continue
        id = path.parent.name if path.name == "model.toml" else path.stem
        if id in found:
            raise InputError(str(path), f"id: '{id}' is the id of {found[id]} already")
        found[id] = path
    return found


def _read(files: Mapping[str, Path], kind: type[T]) -> Iterator[tuple[str, T]]:
    for id, path in files.items():
        noun = read_toml(path, kind)
        if noun.id != id:
            raise InputError(str(path), f"id: expected '{id}', the file's name, found '{noun.id}'")
        yield id, noun


def _refer(path: Path, key: str, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            error = unknown(kind, name, known)
            raise InputError(str(path), f"{key}: {error.subject} {error.problem}", error.remedy)


def _check_artifact(path: Path, place: str, artifact: Artifact) -> None:
    file = path.parent / artifact.file
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise InputError(str(path), f"{place}.file: '{artifact.file}' is not a plain file")
    if not file.exists():
        raise InputError(str(path), f"{place}.file: '{artifact.file}' is not beside this file")
    size_bytes = file.stat().st_size
    if size_bytes != artifact.size_bytes:
        raise InputError(
            str(path), f"{place}.size_bytes: expected {size_bytes}, found {artifact.size_bytes}"
        )
