import json

from ibd_mobile.catalog import library
from tests.keyboard import Command


def block(out: str, id: str) -> list[str]:
    """The lines of one model."""
    lines = out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{id}: "))
    rest = lines[start + 1 :]
    end = next((n for n, line in enumerate(rest) if not line.startswith(" ")), len(rest))
    return lines[start : start + 1 + end]


def test_each_file_has_a_row_with_its_figures(ibd: Command) -> None:
    said = ibd("models")
    assert said.code == 0
    model = library.models()["shapes_classifier"]
    heading, _, *rows = block(said.out, "shapes_classifier")
    assert heading.startswith("shapes_classifier: classification, 64×64×3, ")
    cost = model.variants[0].artifacts[0].cost
    assert f"{cost.macs_count:,} MACs, {cost.parameters_count:,} parameters" in heading
    artifacts = [(v, a) for v in model.variants for a in v.artifacts]
    for row, (variant, artifact) in zip(rows, artifacts, strict=True):
        assert row.split() == [
            variant.training_framework,
            artifact.format,
            artifact.precision,
            f"{artifact.size_bytes:,}",
            "top1",
            f"{artifact.reference[0].value:.1%}",
            "(n=1000)",
        ]


def test_a_model_without_files_says_where_its_weights_come_from(ibd: Command) -> None:
    _, _, *rows = block(ibd("models", "list").out, "mobilenet_v1")
    assert rows[0].split()[:2] == ["tensorflow", "tf_frozen"]
    assert any("untrained only" in row for row in rows)


def test_json_holds_the_whole_catalog_of_models(ibd: Command) -> None:
    document = json.loads(ibd("models", "--json").out)
    assert document["schema"] == 2
    found = {model["id"]: model for model in document["models"]}
    assert set(found) == set(library.models())
    artifacts = found["shapes_classifier"]["variants"][0]["artifacts"]
    assert {"float32", "int8"} <= {a["precision"] for a in artifacts}
