import msgspec

from ibd_mobile.core.picture_set import PictureSet

SET = PictureSet(
    schema=1, id="a", name="A", application="classification", form="list", index="val.txt",
    source="tests",
)  # fmt: skip


def test_classes_are_named_or_numbered() -> None:
    assert msgspec.structs.replace(SET, classes=["ant", "bee"]).class_names == ["ant", "bee"]
    assert msgspec.structs.replace(SET, classes_count=3).class_names == ["0", "1", "2"]
    assert SET.class_names == []
