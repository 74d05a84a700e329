"""The worker of PyTorch; each start of the library takes seconds, so each test looks at much."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from . import small_net
from .conftest import Start


@pytest.fixture
def pytorch(launched: Callable[..., Start]) -> Start:
    return launched("pytorch")


def test_the_scores_are_those_of_the_arithmetic(pytorch: Start) -> None:
    ended = pytorch("--seed", "5", "--batch", "3", model=small_net.file("small.pt2"))
    assert ended.status == 0, ended.stderr
    expected = small_net.scores(small_net.seeded(3, 5))
    np.testing.assert_allclose(small_net.as_scores(ended.outputs, 3), expected, rtol=1e-4)
    ready = ended.journal.ready
    assert ready is not None
    assert ready.inputs[0].shape == [3, 3, 8, 8]
    assert ready.nodes["cpu"] >= 4


def test_bfloat16_is_computed_from_bfloat16_inputs(pytorch: Start) -> None:
    ended = pytorch("--seed", "5", "--batch", "2", model=small_net.file("small_bfloat16.pt2"))
    assert ended.status == 0, ended.stderr
    ready = ended.journal.ready
    assert ready is not None
    assert (ready.inputs[0].dtype, ready.inputs[0].bytes) == ("bfloat16", 2 * 192 * 2)
    upper = np.frombuffer(ended.outputs, np.uint16).astype(np.uint32) << 16
    expected = small_net.scores(small_net.seeded(2, 5))
    np.testing.assert_allclose(
        upper.view(np.float32).reshape(2, 5), expected, atol=0.05 * np.abs(expected).max()
    )


def test_a_gpu_that_is_not_there_is_never_replaced_by_the_cpu(pytorch: Start) -> None:
    ended = pytorch("--accelerator", "gpu", model=small_net.file("small.pt2"))
    if ended.status == 0:
        pytest.skip("this computer has a card")
    assert ended.error[0] == "ACCELERATOR_UNAVAILABLE"
    assert not ended.journal.phases


def test_a_file_that_would_run_code_is_not_read(pytorch: Start, tmp_path: Path) -> None:
    evil = tmp_path / "evil.pt2"
    evil.write_bytes(small_net.file("small.pt2").read_bytes())
    with zipfile.ZipFile(evil, "a") as archive:
        archive.writestr("small/data/constants/opaque_obj_0", b"cos\nsystem\n(S'id'\ntR.")
    ended = pytorch(model=evil)
    assert ended.error[0] == "MODEL_REFUSED"
    assert "opaque_obj_0, which cannot be read without running it" in ended.error[1]


def test_pickles_inside_are_read_as_tensors_only(pytorch: Start, tmp_path: Path) -> None:
    """Sample inputs are a pickle; torch would read one with code in it if it were not kept from."""
    evil, mark = tmp_path / "evil.pt2", tmp_path / "mark"
    with (
        zipfile.ZipFile(small_net.file("small.pt2")) as source,
        zipfile.ZipFile(evil, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in source.namelist():
            is_pickle = name.endswith("sample_inputs/model.pt")
            code = f"cos\nmkdir\n(S'{mark}'\ntR.".encode()
            target.writestr(name, code if is_pickle else source.read(name))
    pytorch(model=evil)
    assert not mark.exists()


@pytest.mark.timeout(600)
def test_a_compiled_program_gives_the_same_scores(launched: Callable[..., Start]) -> None:
    compiled = launched("pytorch_compiled")
    ended = compiled("--seed", "5", "--batch", "3", model=small_net.file("small.pt2"))
    assert ended.status == 0, ended.stderr
    expected = small_net.scores(small_net.seeded(3, 5))
    np.testing.assert_allclose(small_net.as_scores(ended.outputs, 3), expected, rtol=1e-4)
