import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.errors import InputError

from .drawn import LIST


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"form": "coco"}, "form"),
        ({"index": "../val.txt"}, "index"),
        ({"index": "/etc/passwd"}, "index"),
        ({"pictures": ""}, "pictures"),
        ({"annotations": "Annotations"}, "annotations"),
        ({"classes": []}, "classes"),
        ({"classes_count": 3}, "classes"),
        ({"labels": []}, "labels"),
        ({"first_class": -1}, "first_class"),
        ({"source": " "}, "source"),
        ({"id": "A"}, "id"),
        ({"application": "super_resolution"}, "classes"),
    ],
)
def test_a_set_that_cannot_be_is_refused(lab: Path, changes: dict[str, Any], place: str) -> None:
    facts = msgspec.to_builtins(msgspec.structs.replace(LIST, **changes))
    lines = [f"{key} = {json.dumps(value)}" for key, value in facts.items() if key != "known"]
    path = lab / "datasets" / "animals.toml"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        library.picture_sets()
    assert caught.value.subject == str(path)
    assert caught.value.problem.startswith(f"{place}: ")


def test_labels_that_no_set_has_are_refused(lab: Path) -> None:
    text = (library.folder("models") / "zoo" / "vgg16.toml").read_text()
    path = lab / "models" / "vgg16.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace('labels = "imagenet_1000"', 'labels = "imagenet_100"', 1))
    with pytest.raises(InputError, match="'imagenet_100' does not exist"):
        library.models()


def test_every_zoo_network_has_a_set_that_it_can_be_tested_on() -> None:
    known = {name for one in library.picture_sets().values() for name in one.labels}
    for path in (library.folder("models") / "zoo").glob("*.toml"):
        model = library.models()[path.stem]
        if model.application == "super_resolution":
            assert model.enlargement_ratio > 1
        else:
            assert all(variant.labels in known for variant in model.variants), model.id
