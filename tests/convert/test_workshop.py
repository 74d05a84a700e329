import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.convert.executor import Programs
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.convert.task import Task
from ibd_mobile.convert.workshop import Workshop
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed

from .conftest import read_json

Make = Callable[..., Task]


def workshop(shelf: Shelf, steps: Path) -> Workshop:
    return Workshop(shelf, lambda _: None, Programs(folder=steps))


def test_what_a_step_made_is_kept_with_everything_that_is_known_of_it(
    shelf: Shelf, steps: Path, task: Make
) -> None:
    kept = workshop(shelf, steps).do(task())
    assert (kept.folder / "net_tensorflow_4px_float32.om").read_bytes() == b"made"
    names = {kept.stage.file, "artifact.json", "said.npz"}
    assert {p.name for p in kept.folder.iterdir()} == names
    document = read_json(kept.folder / "artifact.json")
    assert document["step"] == "double"
    assert document["tools"]["numpy"]
    assert document["peak_bytes"] > 10**7
    assert document["source_sha256"]["model"].startswith("41cf6794ba4200b839c53531555f0f39")
    assert document["likeness"][0]["noise_ratio"] == 0
    assert document["likeness"][0]["samples_count"] == 4


def test_the_same_task_is_not_done_twice(
    shelf: Shelf, steps: Path, task: Make, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first, second = (workshop(shelf, steps).do(task(options={"log": str(log)})) for _ in range(2))
    assert first == second
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "change",
    [{"batch": 1}, {"precision": "float16"}, {"input_shape": (5,)}, {"options": {"x": "1"}}],
    ids=str,
)
def test_whatever_the_outcome_depends_on_makes_another_file(
    shelf: Shelf, steps: Path, task: Make, change: dict[str, object]
) -> None:
    first = workshop(shelf, steps).do(task())
    assert workshop(shelf, steps).do(task(**change)).stage.key != first.stage.key


def test_a_step_whose_text_has_changed_makes_another_file(
    shelf: Shelf, steps: Path, task: Make
) -> None:
    first = workshop(shelf, steps).do(task())
    program = steps / "changed.py"
    program.write_text((steps / "double.py").read_text() + "# a new remark\n")
    assert workshop(shelf, steps).do(task(step="changed")).stage.key != first.stage.key


def test_outputs_that_depart_are_refused_with_the_first_inner_tensor_that_does(
    shelf: Shelf, steps: Path, task: Make
) -> None:
    with pytest.raises(DataError) as caught:
        workshop(shelf, steps).do(task(options={"off": "0.5"}))
    assert "output 'x' departs by 0.5" in str(caught.value)
    assert "the first inner tensor that departs is 'conv2'; nothing was kept" in str(caught.value)
    assert not shelf.stages()


def test_a_step_that_ends_well_without_its_file_is_not_believed(
    shelf: Shelf, steps: Path, task: Make
) -> None:
    with pytest.raises(DataError, match="said it was done, but there is no net_"):
        workshop(shelf, steps).do(task(options={"no file": "1"}))
    assert not shelf.stages()


def test_a_step_that_compares_nothing_is_not_believed(
    shelf: Shelf, steps: Path, task: Make
) -> None:
    with pytest.raises(DataError, match="did not write what was to be compared"):
        workshop(shelf, steps).do(task(options={"silent": "1"}))


@pytest.mark.parametrize(
    ("options", "kind", "problem"),
    [
        (
            {"raise": "op 'Mystery' is not known"},
            InputError,
            "op 'Mystery' is not known\n  Take an",
        ),
        ({"exit": "3"}, PayloadFailed, "step double ended with 3: without a word"),
        ({"exit": "0"}, PayloadFailed, "step double ended with 0: without a word"),
        ({"signal": "9"}, HostError, "was killed, most likely for want of memory"),
        ({"signal": "11"}, PayloadFailed, "step double ended with -11"),
    ],
    ids=str,
)
def test_each_way_to_fail_has_its_own_words(
    shelf: Shelf, steps: Path, task: Make, options: dict[str, str], kind: type, problem: str
) -> None:
    with pytest.raises(kind) as caught:
        workshop(shelf, steps).do(task(options=options))
    assert problem in str(caught.value)
    assert "net (tensorflow) → float32 om, step double" in str(caught.value)
    assert not shelf.stages()


def test_a_conversion_that_is_stopped_leaves_nothing_behind(
    shelf: Shelf, steps: Path, task: Make, tmp_path: Path
) -> None:
    looks = iter(range(3))

    def stop() -> None:
        if next(looks) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Workshop(shelf, lambda _: None, Programs(stop, steps)).do(task(options={"hang": "1"}))
    assert [p.name for p in (tmp_path / "shelf").iterdir() if not p.name.endswith(".lock")] == []


#: does the task of this file's tests in a process of its own, which knows nothing of the tests
PROCESS = """
import sys
from pathlib import Path
import numpy as np
from ibd_mobile.convert.executor import Programs
from ibd_mobile.convert.samples import Batch
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.convert.task import Origin, Task
from ibd_mobile.convert.workshop import Workshop

home = Path(sys.argv[1])
values = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
task = Task(
    origin=Origin("net", "tensorflow", is_untrained=False), step="double",
    source={"model": home / "source.bin"}, parent="", format="om", precision="float32", batch=-1,
    input_shape=(4,), samples=Batch(values, "four"), calibration=None,
    options={"log": str(home / "log")},
)
Workshop(Shelf(home / "shelf"), lambda _: None, Programs(folder=home / "steps")).do(task)
"""


def test_two_processes_that_want_the_same_file_make_it_once(
    shelf: Shelf, steps: Path, task: Make, tmp_path: Path
) -> None:
    task()  # lays out the source
    words = [sys.executable, "-c", PROCESS, str(tmp_path)]
    both = [subprocess.Popen(words) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    (kept,) = shelf.stages()
    assert kept.stage.size_bytes == 4


def _do(root: Path, steps: Path, task: Task) -> None:
    Workshop(Shelf(root), lambda _: None, Programs(folder=steps)).do(task)


def test_two_threads_that_want_the_same_file_make_it_once(
    shelf: Shelf, steps: Path, task: Make, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    wanted = task(options={"log": str(log)})
    threads = [
        threading.Thread(target=_do, args=(tmp_path / "shelf", steps, wanted)) for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert len(log.read_text().splitlines()) == 1
