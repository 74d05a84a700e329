from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.cost_tflite import count
from ibd_mobile.core.errors import DataError

MINI = Path(__file__).parents[2] / "models" / "mini"


@dataclass
class Draft:
    """A TFLite graph in the making."""

    graph: Any = field(default_factory=schema.SubGraphT)
    model: Any = field(default_factory=schema.ModelT)

    def __post_init__(self) -> None:
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.version = 3
        self.model.subgraphs, self.model.operatorCodes = [self.graph], []
        self.model.buffers = [schema.BufferT()]

    def tensor(self, shape: Sequence[int], *, is_input: bool = False) -> int:
        made = schema.TensorT()
        made.shape, made.name = list(shape), b"t"
        self.graph.tensors.append(made)
        if is_input:
            self.graph.inputs.append(len(self.graph.tensors) - 1)
        return len(self.graph.tensors) - 1

    def stored(self, shape: Sequence[int]) -> int:
        buffer = schema.BufferT()
        buffer.data = np.zeros(4, np.uint8)
        self.model.buffers.append(buffer)
        index = self.tensor(shape)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def do(self, name: str, inputs: Sequence[int], output: Sequence[int], custom: str = "") -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.customCode = custom or None
        self.model.operatorCodes.append(code)
        operation = schema.OperatorT()
        operation.opcodeIndex = len(self.model.operatorCodes) - 1
        index = self.tensor(output)
        operation.inputs, operation.outputs = list(inputs), [index]
        self.graph.operators.append(operation)
        self.graph.outputs = [index]
        return index

    def write(self, folder: Path) -> Path:
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path = folder / "net.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path


def counted(draft: Draft, folder: Path) -> tuple[int, int]:
    cost = count(draft.write(folder))
    return cost.macs_count, cost.parameters_count


def test_a_convolution_costs_its_kernel_at_every_place(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 3), is_input=True)
    draft.do("CONV_2D", (image, draft.stored((16, 3, 3, 3)), draft.stored((16,))), (1, 4, 4, 16))
    assert counted(draft, tmp_path) == (4 * 4 * 16 * 27, 16 * 27 + 16)


def test_a_grouped_convolution_costs_what_each_group_sees(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 8), is_input=True)
    draft.do("CONV_2D", (image, draft.stored((16, 1, 1, 2)), -1), (1, 8, 8, 16))
    assert counted(draft, tmp_path) == (8 * 8 * 16 * 2, 32)


def test_a_depthwise_convolution_sees_one_channel(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 4), is_input=True)
    inputs = (image, draft.stored((1, 3, 3, 8)), draft.stored((8,)))
    draft.do("DEPTHWISE_CONV_2D", inputs, (1, 8, 8, 8))
    assert counted(draft, tmp_path) == (8 * 8 * 8 * 9, 72 + 8)


def test_a_transposed_convolution_spreads_each_input(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 4, 4, 6), is_input=True)
    inputs = (draft.stored((4,)), draft.stored((5, 3, 3, 6)), image, draft.stored((5,)))
    draft.do("TRANSPOSE_CONV", inputs, (1, 8, 8, 5))
    assert counted(draft, tmp_path) == (4 * 4 * 6 * 5 * 9, 5 * 9 * 6 + 5)


@pytest.mark.parametrize("right", [(7, 5), (5, 7)])
def test_a_product_of_two_computed_matrices_has_no_parameters(
    right: tuple[int, int], tmp_path: Path
) -> None:
    draft = Draft()
    left = draft.tensor((1, 2, 3, 7), is_input=True)
    other = draft.tensor((1, 2, *right), is_input=True)
    draft.do("BATCH_MATMUL", (left, other), (1, 2, 3, 5))
    assert counted(draft, tmp_path) == (2 * 3 * 7 * 5, 0)


@given(batch=st.integers(1, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=9)
def test_the_cost_is_that_of_one_sample_whatever_the_batch(batch: int, tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((batch, 10), is_input=True)
    draft.do("FULLY_CONNECTED", (image, draft.stored((20, 10)), draft.stored((20,))), (batch, 20))
    assert counted(draft, tmp_path) == (200, 220)


def test_weights_kept_as_float16_and_shared_are_counted_once(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 3), is_input=True)
    kernel = draft.do("DEQUANTIZE", (draft.stored((3, 3, 3, 3)),), (3, 3, 3, 3))
    first = draft.do("CONV_2D", (image, kernel, -1), (1, 8, 8, 3))
    draft.do("CONV_2D", (first, kernel, -1), (1, 8, 8, 3))
    assert counted(draft, tmp_path) == (2 * 8 * 8 * 81, 81)


def test_a_normalisation_left_unfolded_is_parameters_and_no_products(tmp_path: Path) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 3), is_input=True)
    scaled = draft.do("MUL", (image, draft.stored((3,))), (1, 8, 8, 3))
    shifted = draft.do("ADD", (scaled, draft.stored((3,))), (1, 8, 8, 3))
    draft.do("MUL", (shifted, draft.stored(())), (1, 8, 8, 3))
    assert counted(draft, tmp_path) == (0, 6)


@pytest.mark.parametrize("name", ["UNIDIRECTIONAL_SEQUENCE_LSTM", "WHILE", "STABLEHLO_CONVOLUTION"])
def test_what_cannot_be_counted_is_refused_and_named(name: str, tmp_path: Path) -> None:
    draft = Draft()
    draft.do(name, (draft.tensor((1, 4), is_input=True),), (1, 4))
    with pytest.raises(DataError, match=name):
        count(draft.write(tmp_path))


def test_an_unknown_custom_operation_is_refused_and_box_decoding_is_not(tmp_path: Path) -> None:
    draft = Draft()
    draft.do("CUSTOM", (draft.tensor((1, 4), is_input=True),), (1, 4), "Convolution2DTransposeBias")
    with pytest.raises(DataError, match="Convolution2DTransposeBias"):
        count(draft.write(tmp_path))
    draft = Draft()
    draft.do(
        "CUSTOM", (draft.tensor((1, 4), is_input=True),), (1, 4), "TFLite_Detection_PostProcess"
    )
    assert counted(draft, tmp_path) == (0, 0)


def test_the_count_in_a_mini_model_is_that_of_its_keras_layers() -> None:
    # counted by hand on the Keras layers
    for path in sorted(MINI.rglob("shapes_classifier*.tflite")):
        cost = count(path)
        assert (cost.macs_count, cost.parameters_count) == (7_761_776, 40_946), path.name


@pytest.mark.parametrize("content", [b"", b"no network", b"\0\0\0\0TFL3", b"\xff" * 64])
def test_what_is_no_tflite_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"net\.tflite"):
        count(path)


@given(cut=st.integers(0, 10**6), place=st.integers(0, 10**6), value=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_file_ends_in_an_error_for_people_or_in_a_count(
    cut: int, place: int, value: int, tmp_path: Path
) -> None:
    draft = Draft()
    image = draft.tensor((1, 8, 8, 3), is_input=True)
    draft.do("CONV_2D", (image, draft.stored((16, 3, 3, 3)), draft.stored((16,))), (1, 4, 4, 16))
    path = draft.write(tmp_path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = value
    path.write_bytes(content[: cut % len(content) + 1])
    try:
        count(path)
    except DataError as error:
        assert "net.tflite" in error.subject  # noqa: PT017 - either outcome is right
