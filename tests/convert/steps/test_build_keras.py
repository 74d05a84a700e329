"""Slow: TensorFlow is started for each network."""

from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.steps import step
from ibd_mobile.core.errors import InputError

STEP = program.STEPS / "build_keras.py"
#: answers with what a saved network says to pictures it has not seen, and with its weights' hash
WITNESS = '''
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy"]
# ///
import hashlib, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from ibd_mobile.convert.steps import picture, step

def convert(request):
    import keras
    import numpy as np
    network = keras.models.load_model(request.source["model"])
    pictures = picture.pictures(99, 16, tuple(network.inputs[0].shape[1:]))
    outputs = network.predict(pictures, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    np.savez(request.target, *outputs, pictures=pictures)
    weights = hashlib.sha256(b"".join(w.tobytes() for w in network.get_weights()))
    return step.Made([], [], "NHWC", -1, notes=[weights.hexdigest(), str(network.count_params())])

sys.exit(step.main(convert, ["keras"]))
'''


def build(folder: Path, **options: Any) -> tuple[step.Made, Path]:
    folder.mkdir()
    request = step.Request(source={}, folder=str(folder), file="net.keras", options=options)
    return program.run(STEP, request, "net").made, folder / "net.keras"


def witness(network: Path, folder: Path) -> tuple[dict[str, Any], list[str]]:
    import numpy as np

    folder.mkdir()
    path = folder / "witness.py"
    path.write_text(WITNESS.lstrip())
    request = step.Request({"model": str(network)}, str(folder), "said.npz")
    made = program.run(path, request, "net").made
    with np.load(folder / "said.npz") as said:
        return dict(said), made.notes


def test_an_untrained_classifier_says_different_things_to_different_pictures(
    tmp_path: Path,
) -> None:
    import numpy as np

    options = {"library": "keras.applications", "name": "MobileNet", "outputs_count": 100}
    made, network = build(tmp_path / "one", **options, seed=1, input_size=128)
    assert (made.layout, made.batch) == ("NHWC", -1)
    assert made.inputs[0].shape == [-1, 128, 128, 3]
    assert made.outputs[0].shape == [-1, 100]
    said, (sha256, count) = witness(network, tmp_path / "said")
    logits = said["arr_0"]
    assert np.isfinite(logits).all()
    assert 0.3 < logits.std() < 3
    assert len(set(logits.argmax(1).tolist())) > 4
    assert int(count) == 3_228_864 + 1025 * 100  # without and with its last layer

    # at another size: the same weights, for the same seed alone
    _, larger = build(tmp_path / "larger", **options, seed=1, input_size=160)
    _, other = build(tmp_path / "other", **options, seed=2, input_size=128)
    assert witness(larger, tmp_path / "said_larger")[1][0] == sha256
    assert witness(other, tmp_path / "said_other")[1][0] != sha256


def test_an_untrained_vdsr_gives_its_picture_back_with_a_little_added(tmp_path: Path) -> None:
    made, network = build(
        tmp_path / "net", library="ibd", name="vdsr", seed=1, input_size=128, outputs_count=1
    )
    assert made.outputs[0].shape == [-1, 128, 128, 1]
    said, _ = witness(network, tmp_path / "said")
    added = said["arr_0"] - said["pictures"]
    assert 0.02 < added.std() < 0.1


def test_what_is_not_defined_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        build(
            tmp_path / "net", library="keras.applications", name="Xception", seed=1,
            input_size=128, outputs_count=10,
        )  # fmt: skip
    assert "Xception" in caught.value.problem
    assert "MobileNetV2" in caught.value.remedy
