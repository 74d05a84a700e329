from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Quantization, Tensor
from ibd_mobile.results.outputs import read_outputs

INT8 = Tensor(
    name="s", dtype="int8", shape=[1, 4], quantization=Quantization(scale=0.5, zero_point=-128)
)


def write(path: Path, content: bytes) -> Path:
    file = path / "outputs.bin"
    file.write_bytes(content)
    return file


def read(path: Path, outputs: list[Tensor], batch: int, count: int) -> list[list[object]]:
    samples = read_outputs(path, outputs, batch, count)
    return [[tensor.tolist() for tensor in sample] for sample in samples]


def test_integers_come_back_as_real_numbers(tmp_path: Path) -> None:
    stored = np.array([[-128, -126, 0, 127], [1, 1, 1, 1]], np.int8)
    found = read(write(tmp_path, stored.tobytes()), [INT8], 1, 2)
    assert found == [[[0.0, 1.0, 64.0, 127.5]], [[64.5] * 4]]


def test_each_sample_has_all_its_outputs(tmp_path: Path) -> None:
    outputs = [
        Tensor(name="codes", dtype="float32", shape=[-1, 1, 2]),
        Tensor(name="scores", dtype="int32", shape=[-1, 3]),
        Tensor(name="half", dtype="float16", shape=[-1]),
    ]
    records = [
        np.array([[1, 2], [3, 4]], "<f4").tobytes()
        + np.array([[7, 8, 9], [10, 11, 12]], "<i4").tobytes()
        + np.array([0.5, 1.5], "<f2").tobytes(),
        np.array([[5, 6], [0, 0]], "<f4").tobytes()
        + np.array([[13, 14, 15], [0, 0, 0]], "<i4").tobytes()
        + np.array([2.5, 0], "<f2").tobytes(),
    ]
    file = write(tmp_path, b"".join(records))
    expected = [
        [[[1, 2]], [7, 8, 9], 0.5],
        [[[3, 4]], [10, 11, 12], 1.5],
        [[[5, 6]], [13, 14, 15], 2.5],
    ]
    assert read(file, outputs, 2, 3) == expected  # the fourth only fills the batch
    assert read(file, outputs, 2, 4)[3] == [[[0, 0]], [0, 0, 0], 0]


def test_half_a_record_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"12345"):
        with pytest.raises(DataError, match="no whole number of 4-byte outputs"):
            read_outputs(write(tmp_path, content), [INT8], 1, 1)


def test_too_few_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds 2 samples of 3"):
        read_outputs(write(tmp_path, bytes(8)), [INT8], 1, 3)


@pytest.mark.parametrize("shape", [[2, 4], [], [-1, 0], [-1, -1]])
def test_an_output_that_holds_other_samples_is_refused(tmp_path: Path, shape: list[int]) -> None:
    tensor = Tensor(name="s", dtype="int8", shape=shape)
    with pytest.raises(DataError, match="does not hold 4 samples"):
        read_outputs(write(tmp_path, bytes(8)), [tensor], 4, 4)


def test_a_bfloat16_is_read_from_its_bits(tmp_path: Path) -> None:
    tensor = Tensor(name="s", dtype="bfloat16", shape=[1, 4])
    bits = np.array([0x3F80, 0xC000, 0x7F80, 0x3EAB], "<u2")  # by hand: 1, -2, ∞, 0.334
    ((found,),) = read_outputs(write(tmp_path, bits.tobytes()), [tensor], 1, 1)
    assert found.tolist() == [1.0, -2.0, float("inf"), 0.333984375]
