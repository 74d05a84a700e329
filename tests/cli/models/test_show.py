import json
from pathlib import Path

from tests.keyboard import Command


def test_a_model_is_shown_with_its_variants_sources_and_costs(ibd: Command) -> None:
    said = ibd("models", "show", "mobilenet_v1")
    assert said.code == 0
    assert "from tensorflow: 224×224×3 NHWC RGB, (x − 127.5) / 127.5" in said.out
    assert "  1001 outputs, labels imagenet_1001" in said.out
    assert "from pytorch: 224×224×3 NCHW RGB" in said.out
    assert "published: 569,000,000 MACs" in said.out
    assert "data set: none of its own; --pictures takes imagenet_val" in said.out
    assert "SHA-256 2fadeabb9968ec6833bee903900dda6e61b3947200535874ce2fe42a8493abc0" in said.out
    assert "source: tf_frozen, not fetched yet" in said.out
    assert "untrained: keras.applications MobileNet" in said.out


def test_what_was_made_here_is_shown(ibd: Command, lab: Path) -> None:
    assert "made on this computer" not in ibd("models", "show", "small").out
    ibd("models", "convert", "small", "--to", "caffe2")
    said = ibd("models", "show", "small")
    assert "source: onnx, here" in said.out
    assert "made on this computer:" in said.out
    assert "caffe2 float32 caffe2: small_caffe2_8px_float32_init.pb" in said.out
    assert " bytes, 10,428 MACs, 232 parameters, stage " in said.out  # 8² × 6 × 27 + 60; 162 + 70


def test_json_holds_both(ibd: Command, lab: Path) -> None:
    ibd("models", "convert", "small", "--to", "caffe2")
    document = json.loads(ibd("models", "show", "small", "--json").out)
    assert document["model"]["id"] == "small"
    assert [s["format"] for s in document["made"]] == ["caffe2"]


def test_a_model_that_does_not_exist_is_named_with_the_nearest(ibd: Command) -> None:
    said = ibd("models", "show", "mobilenet")
    assert said.code == 3
    assert "Did you mean 'mobilenet_v" in said.err
