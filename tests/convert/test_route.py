import msgspec
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.convert.program import STEPS as FOLDER
from ibd_mobile.convert.route import BUILDERS, STEPS, Route, to_wish
from ibd_mobile.core import environment
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Definition, Source, SourceFile, Variant


def variant(framework: str, format: str = "", library_name: str = "") -> Variant:
    found = library.models()["shapes_classifier"].variants[0]
    source = Source(
        format=format,  # type: ignore[arg-type]
        files=[SourceFile(role="model", url="https://example.org/x")],
        licence="MIT",
        origin="test",
    )
    return msgspec.structs.replace(
        found,
        training_framework=framework,
        source=source if format else None,
        definition=Definition(library=library_name, name="n") if library_name else None,  # type: ignore[arg-type]
    )


def told(route: Route) -> list[str]:
    return [*([route.builder] if route.builder else []), *(f"{s.id}:{p}" for s, p in route.legs)]


@pytest.mark.parametrize(
    ("source", "wish", "expected"),
    [
        ("keras", ("tflite", "int8"), ["keras_to_tflite:int8"]),
        ("keras", ("onnx", "float32"), ["keras_to_onnx:float32"]),
        ("keras", ("onnx", "int8"), ["keras_to_onnx:float32", "onnx_to_onnx:int8"]),
        ("pt2", ("tflite", "float16"), ["pytorch_to_tflite:float16"]),
        ("caffe2", ("tflite", "int8"), ["caffe2_to_onnx:float32", "onnx_to_tflite:int8"]),
        ("pt2", ("caffe2", "float32"), ["pytorch_to_onnx:float32", "onnx_to_caffe2:float32"]),
        ("onnx", ("onnx", "float32"), []),
        ("pt2", ("pt2", "float32"), ["pytorch_to_pytorch:float32"]),
        ("pt2", ("pt2", "bfloat16"), ["pytorch_to_pytorch:bfloat16"]),
    ],
)
def test_the_shortest_way_is_taken(source: str, wish: tuple[str, str], expected: list[str]) -> None:
    route = to_wish(variant("tensorflow", source), *wish, is_untrained=False)  # type: ignore[arg-type]
    assert told(route) == expected


@pytest.mark.parametrize(
    ("framework", "definition", "wish", "expected"),
    [
        ("tensorflow", "keras.applications", ("tflite", "int8"),
         ["build_keras", "keras_to_tflite:int8"]),
        ("pytorch", "pytorchcv", ("pt2", "float32"), ["build_pytorch"]),
        ("pytorch", "pytorchcv", ("pt2", "float16"),
         ["build_pytorch", "pytorch_to_pytorch:float16"]),
        ("pytorch", "ibd", ("onnx", "float32"), ["build_pytorch", "pytorch_to_onnx:float32"]),
        ("tensorflow", "ibd", ("onnx", "float32"), ["build_keras", "keras_to_onnx:float32"]),
        ("caffe2", "pytorchcv", ("onnx", "float32"),
         ["build_pytorch", "pytorch_to_onnx:float32", "onnx_to_caffe2:float32",
          "caffe2_to_onnx:float32"]),
    ],
)  # fmt: skip
def test_an_untrained_network_is_built_first(
    framework: str, definition: str, wish: tuple[str, str], expected: list[str]
) -> None:
    built = variant(framework, library_name=definition)
    assert told(to_wish(built, *wish, is_untrained=True)) == expected  # type: ignore[arg-type]


def test_weights_alone_are_put_into_the_architecture() -> None:
    weights = variant("pytorch", "state_dict", "pytorchcv")
    route = to_wish(weights, "onnx", "float32", is_untrained=False)
    assert told(route) == ["build_pytorch", "pytorch_to_onnx:float32"]


def test_what_was_rounded_is_not_converted_on() -> None:
    for step in STEPS:
        route = to_wish(variant("tensorflow", step.takes), step.makes, step.precisions[0],
                        is_untrained=False)  # fmt: skip
        assert all(precision == "float32" for _, precision in route.legs[:-1])


def test_where_no_way_leads_what_can_be_made_is_told() -> None:
    with pytest.raises(InputError) as caught:
        to_wish(variant("tensorflow", "tflite"), "onnx", "float32", is_untrained=False)
    assert "float32 onnx: cannot be made from tflite: no step leads there" in str(caught.value)
    with pytest.raises(InputError, match=r"From keras can be made: .*tflite"):
        to_wish(variant("tensorflow", "keras"), "pt2", "float32", is_untrained=False)


def test_without_source_or_definition_it_is_said_which() -> None:
    bare = variant("caffe2")
    with pytest.raises(InputError, match=r"are published nowhere.*\n.*--untrained"):
        to_wish(bare, "onnx", "float32", is_untrained=False)
    with pytest.raises(InputError, match="has no definition"):
        to_wish(bare, "onnx", "float32", is_untrained=True)


@pytest.mark.parametrize(
    "id", [s.id for s in STEPS] + [builder for builder, _ in BUILDERS.values()]
)
def test_every_step_is_a_program_that_says_what_it_needs(id: str) -> None:
    assert environment.needs(FOLDER / f"{id}.py").requirements


def test_every_program_in_the_folder_is_a_step() -> None:
    programs = {p.stem for p in FOLDER.glob("*.py") if p.read_text().startswith("# /// script")}
    known = {s.id for s in STEPS} | {builder for builder, _ in BUILDERS.values()}
    assert programs - known <= {"cost_onnx"}


def test_why_there_is_no_quantized_program_is_said_in_more_words() -> None:
    with pytest.raises(InputError, match="computes in float32 between rounding steps"):
        to_wish(variant("pytorch", "pt2"), "pt2", "int8", is_untrained=False)
