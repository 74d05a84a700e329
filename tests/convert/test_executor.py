from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.convert.executor import VENDORS, Programs, Vendors
from ibd_mobile.convert.task import Task
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.registry import member, member_ids

Make = Callable[..., Task]


def test_a_program_is_known_by_its_text(steps: Path, task: Make) -> None:
    (steps / "other.py").write_text((steps / "double.py").read_text() + "\n# changed\n")
    programs = Programs(folder=steps)
    assert programs.identity(task()) == programs.identity(task(precision="int8"))
    assert programs.identity(task()) != programs.identity(task(step="other"))


def test_a_program_is_run_and_answers(steps: Path, task: Make, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    answer = Programs(folder=steps).run(task(), task().request(folder))
    assert answer.is_compared
    assert answer.made.outputs[0].name == "x"


@pytest.mark.parametrize("id", member_ids(VENDORS))
def test_every_vendor_says_what_it_takes_and_makes(id: str) -> None:
    vendor = member(VENDORS, id)
    assert vendor.formats_from
    assert vendor.format_to
    assert "float32" in vendor.precisions
    assert isinstance(vendor.missing_reason(), str)


@pytest.mark.parametrize("id", member_ids(VENDORS))
def test_a_vendor_that_is_not_here_is_said_before_anything_is_done(
    id: str, task: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SNPE_ROOT", "QNN_SDK_ROOT", "QAIRT_SDK_ROOT", "HIAI_OMG", "MACE_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(HostError) as caught:
        Vendors().identity(task(step=id, is_vendors=True))
    assert caught.value.remedy
