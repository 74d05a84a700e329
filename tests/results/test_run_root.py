import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_root import find, latest, new_folder, runs

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
PLAN = msgspec.convert(EXAMPLE["run"], RunInfo)


def _make(root: Path) -> Path:
    path, lock = new_folder(root, PLAN)
    lock.release()
    return path


def test_the_name_of_a_run_tells_when_what_and_how(tmp_path: Path) -> None:
    name = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ_sd855_quick"
    assert re.fullmatch(name, _make(tmp_path).name)


@pytest.mark.parametrize(
    ("devices", "label"),
    [(["sd855", "sd845"], "_sd855+sd845_"), (["a", "b", "c"], "_3-devices_"), (["a/../b"], "_a-")],
)
def test_many_devices_and_odd_ones_give_a_plain_name(
    tmp_path: Path, devices: list[str], label: str
) -> None:
    jobs = [msgspec.structs.replace(PLAN.jobs[0], device=device) for device in devices]
    path, lock = new_folder(tmp_path, msgspec.structs.replace(PLAN, jobs=jobs))
    lock.release()
    assert label in path.name
    assert path.parent == tmp_path


def test_runs_made_in_one_second_by_many_threads_have_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: _make(tmp_path), range(24)))
    assert len(set(made)) == 24
    assert sorted(made) == sorted(runs(tmp_path))
    ids = {msgspec.json.decode((path / "run.json").read_bytes())["id"] for path in made}
    assert ids == {path.name for path in made}


def test_the_latest_is_the_one_made_last(tmp_path: Path) -> None:
    for _ in range(3):
        made = _make(tmp_path)
        assert latest(tmp_path) == made
        assert find(tmp_path, made.name) == made


def test_an_old_run_stays_old_when_its_files_are_touched(tmp_path: Path) -> None:
    made = _make(tmp_path)
    old = made.rename(tmp_path / "2019-01-01T00-00-00Z_sd845_ibd")
    made = _make(tmp_path)
    os.utime(old / "run.json")
    assert runs(tmp_path) == [old, made]


@pytest.mark.parametrize("make_root", [True, False])
def test_where_there_are_no_runs_that_is_said(tmp_path: Path, make_root: bool) -> None:
    root = tmp_path / "runs"
    if make_root:
        (root / "notes").mkdir(parents=True)
    for ask in (latest, lambda path: find(path, "any")):
        with pytest.raises(InputError, match="holds no runs") as caught:
            ask(root)
        assert "ibd-mobile run" in caught.value.remedy


@pytest.mark.parametrize("id", ["nonsense", "../runs", "/etc", ""])
def test_an_unknown_run_is_refused(tmp_path: Path, id: str) -> None:
    _make(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        find(tmp_path, id)


def test_only_drafts_that_nobody_holds_are_swept(tmp_path: Path) -> None:
    for name in ("old", "young", "held"):
        (tmp_path / f".partial-{name}").mkdir()
    path, lock = new_folder(tmp_path, PLAN)
    held = path.rename(tmp_path / ".partial-held")
    long_ago = time.time() - 3600
    for name in ("old", "held"):
        os.utime(tmp_path / f".partial-{name}", (long_ago, long_ago))
    _make(tmp_path)
    assert not (tmp_path / ".partial-old").exists()
    assert (tmp_path / ".partial-young").exists()
    assert held.exists()
    lock.release()
    os.utime(held, (long_ago, long_ago))
    _make(tmp_path)
    assert not held.exists()
