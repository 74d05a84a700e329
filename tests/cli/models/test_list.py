import json

from ibd_mobile.catalog import library

from ..conftest import Command


def test_each_file_has_a_row_with_its_figures(ibd: Command) -> None:
    said = ibd("models")
    assert said.code == 0
    model = library.models()["shapes_classifier"]
    heading, _, *rows = said.out.splitlines()
    assert heading.startswith("shapes_classifier: classification, 64×64×3, ")
    cost = model.variants[0].artifacts[0].cost
    assert f"{cost.macs_count:,} MACs, {cost.parameters_count:,} parameters" in heading
    for row, artifact in zip(rows, model.variants[0].artifacts, strict=True):
        assert row.split() == [
            "tensorflow",
            "tflite",
            artifact.precision,
            f"{artifact.size_bytes:,}",
            "top1",
            f"{artifact.reference[0].value:.1%}",
            "(n=1000)",
        ]


def test_json_holds_the_whole_catalog_of_models(ibd: Command) -> None:
    document = json.loads(ibd("models", "--json").out)
    assert document["schema"] == 2
    (model,) = document["models"]
    assert model["id"] == "shapes_classifier"
    assert {a["precision"] for a in model["variants"][0]["artifacts"]} == {"float32", "int8"}
