import shutil
import zipfile
from pathlib import Path

import pytest

from ibd_mobile.convert.steps import pytorch_source
from ibd_mobile.convert.steps.step import Refused

from .conftest import NETWORKS, Asked


@pytest.mark.parametrize(
    "stranger", ["data/aotinductor/net/net.so", "data/constants/opaque_obj_0", "extra/code.py"]
)
def test_an_archive_with_code_or_objects_in_it_is_refused_unread(
    stranger: str, tmp_path: Path, request_of: Asked
) -> None:
    path = tmp_path / "odd.pt2"
    shutil.copyfile(NETWORKS / "classifier.pt2", path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"classifier/{stranger}", b"")
    with pytest.raises(Refused, match=f"odd.pt2 holds {stranger}"):
        pytorch_source.read(request_of(path, "NCHW"))


def test_a_file_of_another_kind_is_refused(tmp_path: Path, request_of: Asked) -> None:
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/data.pkl", b"")
    with pytest.raises(Refused, match=r"weights\.pth is not a program of torch\.export"):
        pytorch_source.read(request_of(path, "NCHW"))
