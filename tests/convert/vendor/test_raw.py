from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps.step import TensorInfo
from ibd_mobile.convert.vendor._raw import read_outputs, write_inputs
from ibd_mobile.core.errors import DataError, InputError


def write(tmp_path: Path, array: object, *, is_transposed: bool) -> Path:
    np.save(tmp_path / "in.npy", np.asarray(array))
    return write_inputs(
        str(tmp_path / "in.npy"), tmp_path / "a b", "calibration", is_transposed=is_transposed
    )


def test_each_sample_is_a_file_without_a_header_and_a_line_of_the_list(tmp_path: Path) -> None:
    samples = np.arange(12, dtype=np.float32).reshape(2, 6)
    listing = write(tmp_path, samples, is_transposed=False)
    # a blank in the folder's name would end a path, so paths are relative to it
    assert listing.read_text() == "calibration/0.raw\ncalibration/1.raw\n"
    raw = (listing.parent / "calibration" / "1.raw").read_bytes()
    assert raw == samples[1].astype("<f4").tobytes()


def test_the_channels_go_last_where_the_target_wants_them_there(tmp_path: Path) -> None:
    samples = np.arange(24, dtype=np.float32).reshape(1, 3, 2, 4)
    listing = write(tmp_path, samples, is_transposed=True)
    raw = np.fromfile(listing.parent / "calibration" / "0.raw", "<f4").reshape(2, 4, 3)
    for channel in range(3):
        assert (raw[:, :, channel] == samples[0, channel]).all()


@settings(deadline=None)  # files on a busy computer
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, n: int, h: int, w: int, c: int
) -> None:
    folder = tmp_path_factory.mktemp("raw")
    samples = np.random.default_rng(n).random((n, h, w, c), dtype=np.float32)
    listing = write(folder, samples, is_transposed=False)
    for index, line in enumerate(listing.read_text().split()):
        place = folder / "said" / f"Result_{index}"
        place.mkdir(parents=True)
        (place / "out.raw").write_bytes((listing.parent / line).read_bytes())
    (back,) = read_outputs(folder / "said", [TensorInfo("out", "float32", [1, h, w, c])], n)
    assert (back == samples).all()


@pytest.mark.parametrize(
    "array", [np.zeros(3, np.float32), np.zeros((2, 3)), np.zeros((0, 3), "f")]
)
def test_an_array_that_holds_no_samples_is_refused(tmp_path: Path, array: object) -> None:
    with pytest.raises(InputError, match="expected float32 samples"):
        write(tmp_path, array, is_transposed=False)


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "in.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as an array"):
        write_inputs(str(tmp_path / "in.npy"), tmp_path, "x", is_transposed=False)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.npy: cannot be read"):
        write_inputs(str(tmp_path / "no.npy"), tmp_path, "x", is_transposed=False)


@pytest.mark.parametrize("file", ["probs.raw", "probs:0.raw", "renamed.raw", "scope/other.raw"])
def test_an_output_is_found_under_the_names_that_converters_give_it(
    tmp_path: Path, file: str
) -> None:
    path = tmp_path / "Result_0" / file
    path.parent.mkdir(parents=True)
    np.array([1, 2], "<f4").tofile(path)
    (found,) = read_outputs(tmp_path, [TensorInfo("probs", "float32", [1, 2])], 1)
    assert found.tolist() == [[1, 2]]


def test_the_name_with_a_number_of_tensorflow_is_found_without_it(tmp_path: Path) -> None:
    (tmp_path / "Result_0").mkdir()
    for name in ("a", "b"):
        np.array([1], "<f4").tofile(tmp_path / "Result_0" / f"{name}.raw")
    outputs = [TensorInfo(f"{name}:0", "float32", [1, 1]) for name in ("a", "b")]
    assert len(read_outputs(tmp_path, outputs, 1)) == 2


def test_an_output_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Result_0").mkdir()
    np.zeros(3, "<f4").tofile(tmp_path / "Result_0" / "probs.raw")
    with pytest.raises(DataError, match=r"has 3 numbers where \[2\] were expected"):
        read_outputs(tmp_path, [TensorInfo("probs", "float32", [1, 2])], 1)


def test_a_missing_output_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "Result_0").mkdir()
    for name in ("x", "y"):
        np.zeros(2, "<f4").tofile(tmp_path / "Result_0" / f"{name}.raw")
    with pytest.raises(DataError, match=r"has no output probs; there is x\.raw, y\.raw"):
        read_outputs(tmp_path, [TensorInfo("probs", "float32", [1, 2])], 1)


def test_an_output_s_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "Result_0").mkdir()
    np.zeros(2, "<f4").tofile(tmp_path / "secret.raw")
    with pytest.raises(DataError, match="there is nothing"):
        read_outputs(tmp_path, [TensorInfo("../secret", "float32", [1, 2])], 1)
