"""The worker of ONNX Runtime, on its CPU provider and on Qualcomm's emulator."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ibd_mobile.core.payload import models_folder
from ibd_mobile.workers.onnxruntime import clamps_sums
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

from . import small_net
from .conftest import SHAPES, Start


@pytest.fixture
def ort(launched: Callable[..., Start]) -> Start:
    return launched("onnxruntime")


@pytest.fixture
def hexagon(launched: Callable[..., Start]) -> Start:
    return launched("qnn_htp")


def test_the_scores_are_those_of_the_arithmetic(ort: Start) -> None:
    ended = ort("--seed", "5", "--batch", "3", model=small_net.file("small.onnx"))
    assert ended.status == 0, ended.stderr
    expected = small_net.scores(small_net.seeded(3, 5))
    np.testing.assert_allclose(small_net.as_scores(ended.outputs, 3), expected, rtol=1e-5)
    ready = ended.journal.ready
    assert ready is not None
    assert (ready.inputs[0].shape, ready.outputs[0].shape) == ([3, 3, 8, 8], [3, 5])
    assert (ready.accelerator, ready.fully_accelerated) == ("cpu", True)


def test_it_is_told_where_every_node_runs(ort: Start) -> None:
    ready = ort("--batch", "1", model=small_net.file("small.onnx")).journal.ready
    assert ready is not None
    assert list(ready.nodes) == ["CPUExecutionProvider"]
    assert ready.nodes["CPUExecutionProvider"] >= 3


def test_eight_bits_are_near_the_scores(ort: Start) -> None:
    ended = ort("--seed", "5", "--batch", "2", model=small_net.file("small_int8.onnx"))
    assert ended.status == 0, ended.stderr
    scores = small_net.as_scores(ended.outputs, 2)
    expected = small_net.scores(small_net.seeded(2, 5))
    np.testing.assert_allclose(scores, expected, atol=0.05 * np.abs(expected).max())
    assert not np.array_equal(scores, expected)


@pytest.mark.parametrize(
    ("flags", "is_clamping"),
    [
        ("fpu sse4_2 avx avx2 fma", True),
        ("fpu avx2 avx512f avx512bw", True),
        ("fpu avx2 avx512f avx512_vnni", False),
        ("fpu avx2 avx_vnni", False),
    ],
)
def test_processors_whose_kernels_clamp_are_known(flags: str, is_clamping: bool) -> None:
    told = f"processor\t: 0\nmodel name\t: one\nflags\t\t: {flags}\nbugs\t\t: none\n"
    assert clamps_sums(told) == is_clamping
    assert not clamps_sums("processor\t: 0\nFeatures\t: fp asimd asimddp\n")


def test_eight_bits_are_summed_exactly_on_every_processor(ort: Start) -> None:
    """What the graph says, node by node: the library's usual kernels clamp on older processors."""
    model = models_folder() / "mini" / "scenes_detector_tensorflow_int8.onnx"
    ended = ort("--seed", "5", model=model)
    assert ended.status == 0, ended.stderr
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    info = TensorInfo(given.name, "float32", [1, 3, 96, 96], 4 * 96 * 96 * 3)
    image = np.frombuffer(seeded_bytes([info], 5), np.float32).reshape(info.shape)
    said = np.concatenate([out.ravel() for out in session.run(None, {given.name: image})])
    found = np.frombuffer(ended.outputs, np.float32)
    error = np.sqrt(np.mean((found - said) ** 2)) / said.std()
    assert error < 0.01  # 0.3 where sums are clamped; fused kernels round once less


def test_a_data_set_is_inferred_record_by_record(ort: Start, tmp_path: Path) -> None:
    images = small_net.seeded(4, 8)
    (tmp_path / "set").write_bytes(images.tobytes())
    ended = ort("--count", "4", model=small_net.file("small.onnx"), dataset=tmp_path / "set")
    scores = small_net.as_scores(ended.outputs, 4)
    np.testing.assert_allclose(scores, small_net.scores(images), rtol=1e-5)


def test_a_fixed_batch_is_not_bent(ort: Start) -> None:
    assert ort("--batch", "2", model=small_net.file("fixed.onnx")).status == 0
    ended = ort("--batch", "3", model=small_net.file("fixed.onnx"))
    assert ended.error == (
        "MODEL_REFUSED",
        'input "image" has a fixed leading dimension of 2; a batch of 3 was asked for',
    )


def test_a_file_of_another_format_is_refused(ort: Start) -> None:
    assert ort(model=SHAPES["float32"]).error[0] == "MODEL_REFUSED"


@pytest.mark.parametrize("option", ["precision=float32", "provider=tensorrt"])
def test_a_gpu_that_is_not_there_is_never_replaced_by_the_cpu(ort: Start, option: str) -> None:
    ended = ort("--accelerator", "gpu", "--option", option, model=small_net.file("small.onnx"))
    if ended.status == 0:
        pytest.skip("this computer has the provider")
    assert ended.error[0] == "ACCELERATOR_UNAVAILABLE"
    assert not ended.journal.phases


def test_the_emulator_says_that_it_is_one(hexagon: Start) -> None:
    ended = hexagon("--seed", "5", "--batch", "2", model=small_net.file("small_int8.onnx"))
    assert ended.status == 0, ended.stderr
    ready = ended.journal.ready
    assert ready is not None
    assert ready.is_emulated
    assert list(ready.nodes) == ["QNNExecutionProvider"]
    expected = small_net.scores(small_net.seeded(2, 5))
    scores = small_net.as_scores(ended.outputs, 2)
    np.testing.assert_allclose(scores, expected, atol=0.05 * np.abs(expected).max())
