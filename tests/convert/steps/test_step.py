import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.convert.steps import step

PROGRAM = """
import sys
from ibd_mobile.convert.steps import step

def convert(request):
    if request.precision == "int8" and not request.calibration:
        raise step.Refused("int8 needs calibration inputs", "Give some.")
    request.target.write_bytes(b"made")
    taken = step.samples(request)
    step.write_compared(request, [taken], [taken * 2])
    tensor = step.TensorInfo("x", "float32", [-1, 2])
    return step.Made([tensor], [tensor], "NHWC", -1)

sys.exit(step.main(convert, ["numpy"]))
"""


def run(folder: Path, **changes: object) -> tuple[int, dict[str, object]]:
    np.save(folder / "samples.npy", np.ones((16, 2), np.float32))
    request = {"source": {}, "folder": str(folder), "file": "x.bin"}
    request |= {"samples": str(folder / "samples.npy"), **changes}
    (folder / "program.py").write_text(PROGRAM)
    (folder / "request.json").write_text(json.dumps(request))
    words = [sys.executable, str(folder / "program.py"), str(folder / "request.json")]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert not done.stderr
    return done.returncode, json.loads((folder / step.ANSWER).read_text())


def test_a_step_answers_with_what_it_made_its_tools_and_what_it_took(tmp_path: Path) -> None:
    code, answer = run(tmp_path)
    assert code == 0
    assert answer["made"]["inputs"][0]["shape"] == [-1, 2]  # type: ignore[index]
    assert answer["tools"]["numpy"] == np.__version__  # type: ignore[index]
    assert answer["peak_bytes"] > 10_000_000  # type: ignore[operator]
    assert answer["wall_s"] > 0  # type: ignore[operator]
    with np.load(tmp_path / step.COMPARED) as compared:
        assert compared["target_0"].tolist() == (compared["source_0"] * 2).tolist()


def test_a_refusal_is_an_answer_too_and_the_exit_status_says_so(tmp_path: Path) -> None:
    code, answer = run(tmp_path, precision="int8")
    assert code == 1
    assert "made" not in answer
    expected = {"problem": "int8 needs calibration inputs", "remedy": "Give some."}
    assert answer["refused"] == expected


def test_an_unknown_key_of_a_request_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"sauce": {}}')
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "request.json")]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "sauce" in done.stderr


@pytest.mark.parametrize("name", ["source", "target"])
def test_pairs_are_kept_in_their_order(tmp_path: Path, name: str) -> None:
    request = step.Request(source={}, folder=str(tmp_path), file="x")
    step.write_inner(request, [np.zeros(2), np.ones(3)], [np.zeros(2), np.ones(3)])
    with np.load(tmp_path / step.INNER) as inner:
        assert [inner[f"{name}_{k}"].size for k in range(2)] == [2, 3]
