"""Slow: TensorFlow is started for each network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.steps import step
from ibd_mobile.core.errors import InputError

pytestmark = pytest.mark.timeout(1200)

STEP = program.STEPS / "build_keras.py"
#: answers with what a saved network says to pictures it has not seen, and with its weights' hash
WITNESS = """
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
    notes = []
    for role, path in request.source.items():
        network = keras.models.load_model(path)
        pictures = picture.pictures(99, 16, tuple(network.inputs[0].shape[1:]))
        said = network.predict(pictures, verbose=0)
        np.savez(f"{request.folder}/{role}.npz", said=said, pictures=pictures)
        weights = hashlib.sha256(b"".join(w.tobytes() for w in network.get_weights()))
        notes += [weights.hexdigest(), str(network.count_params())]
    return step.Made([], [], "NHWC", -1, notes=notes)

sys.exit(step.main(convert, ["keras"]))
"""


def build(folder: Path, **options: Any) -> tuple[step.Made, Path]:
    folder.mkdir()
    request = step.Request(source={}, folder=str(folder), file="net.keras", options=options)
    return program.run(STEP, request, "net").made, folder / "net.keras"


def witness(folder: Path, **networks: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what each network says and to what, and hash and number of its weights."""
    folder.mkdir()
    path = folder / "witness.py"
    path.write_text(WITNESS.lstrip())
    request = step.Request({role: str(p) for role, p in networks.items()}, str(folder), "")
    made = program.run(path, request, "net").made
    return {role: np.load(folder / f"{role}.npz") for role in networks}, made.notes


def test_an_untrained_classifier_says_different_things_to_different_pictures(
    tmp_path: Path,
) -> None:
    options = {
        "library": "keras.applications", "name": "MobileNet", "outputs_count": 100, "seed": 1,
    }  # fmt: skip
    made, network = build(tmp_path / "one", **options, input_size=128)
    assert (made.layout, made.batch) == ("NHWC", -1)
    assert made.inputs[0].shape == [-1, 128, 128, 3]
    assert made.outputs[0].shape == [-1, 100]
    _, larger = build(tmp_path / "larger", **options, input_size=160)
    said, notes = witness(tmp_path / "said", one=network, larger=larger)
    for name in ("one", "larger"):
        logits = said[name]["said"]
        assert np.isfinite(logits).all()
        assert 0.3 < logits.std() < 3
        assert len(set(logits.argmax(1).tolist())) > 4
    assert int(notes[1]) == 3_228_864 + 1025 * 100  # without and with its last layer
    # at another size: the same weights, bit for bit
    assert notes[0] == notes[2]


def test_an_untrained_vdsr_gives_its_picture_back_with_a_little_added(tmp_path: Path) -> None:
    made, network = build(
        tmp_path / "net", library="ibd", name="vdsr", seed=1, input_size=128, outputs_count=1
    )
    assert made.outputs[0].shape == [-1, 128, 128, 1]
    said = witness(tmp_path / "said", net=network)[0]["net"]
    assert 0.02 < (said["said"] - said["pictures"]).std() < 0.1


def test_what_is_not_defined_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        build(
            tmp_path / "net", library="keras.applications", name="Xception", seed=1,
            input_size=128, outputs_count=10,
        )  # fmt: skip
    assert "Xception" in caught.value.problem
    assert "MobileNetV2" in caught.value.remedy
