"""Slow: PyTorch is started for each network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.steps import step
from ibd_mobile.core.errors import InputError

pytestmark = pytest.mark.timeout(1200)

STEP = program.STEPS / "build_pytorch.py"
#: answers with what a saved program says to pictures it has not seen, and with its weights
WITNESS = """
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "pytorchcv==0.0.74", "numpy", "safetensors==0.8.0"]
#
# [tool.uv]
# override-dependencies = ["torchvision; sys_platform == 'never'"]
# ///
import sys
from ibd_mobile.convert.steps import picture, step

def convert(request):
    import numpy as np
    import torch
    program = torch.export.load(request.source["model"])
    size, channels = request.options["size"], request.options["channels"]
    pictures = picture.pictures(99, 16, (size, size, channels)).transpose(0, 3, 1, 2).copy()
    with torch.no_grad():
        outputs = program.module()(torch.from_numpy(pictures))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    np.savez(request.target, *(o.numpy() for o in outputs), pictures=pictures)
    state = {k: v.detach().numpy() for k, v in program.state_dict.items()}
    np.savez(f"{request.folder}/weights.npz", **state)
    return step.Made([], [], "NCHW", -1)

sys.exit(step.main(convert, ["torch"]))
"""


def build(folder: Path, weights: Path | None = None, **options: Any) -> tuple[step.Made, Path]:
    folder.mkdir()
    source = {} if weights is None else {"weights": str(weights)}
    request = step.Request(source=source, folder=str(folder), file="net.pt2", options=options)
    return program.run(STEP, request, "net").made, folder / "net.pt2"


def witness(network: Path, folder: Path, size: int, channels: int = 3) -> dict[str, Any]:
    folder.mkdir()
    path = folder / "witness.py"
    path.write_text(WITNESS.lstrip())
    options = {"size": size, "channels": channels}
    request = step.Request({"model": str(network)}, str(folder), "said.npz", options=options)
    program.run(path, request, "net")
    with np.load(folder / "said.npz") as said:
        return dict(said)


def weights(folder: Path) -> dict[str, bytes]:
    with np.load(folder / "weights.npz") as found:
        return {name: found[name].tobytes() for name in found.files}


MOBILENET = {"library": "pytorchcv", "name": "mobilenet_w1", "seed": 1, "outputs_count": 100}


def test_an_untrained_classifier_says_different_things_to_different_pictures(
    tmp_path: Path,
) -> None:
    made, network = build(tmp_path / "one", **MOBILENET, input_size=128)
    assert (made.layout, made.batch) == ("NCHW", -1)
    assert made.inputs[0].shape == [-1, 3, 128, 128]
    assert made.outputs[0].shape == [-1, 100]
    logits = witness(network, tmp_path / "said", 128)["arr_0"]
    assert np.isfinite(logits).all()
    assert 0.3 < logits.std() < 3
    assert len(set(logits.argmax(1).tolist())) > 4

    # at another size: the same weights, bit for bit
    _, larger = build(tmp_path / "larger", **MOBILENET, input_size=160)
    witness(larger, tmp_path / "said_larger", 160)
    assert weights(tmp_path / "said") == weights(tmp_path / "said_larger")

    # and given back as a state dict they make the same network
    _, again = build(
        tmp_path / "again", tmp_path / "said" / "weights.npz", **MOBILENET, input_size=128
    )
    assert np.array_equal(witness(again, tmp_path / "said_again", 128)["arr_0"], logits)


def test_an_untrained_vdsr_gives_its_picture_back_with_a_little_added(tmp_path: Path) -> None:
    options = {"library": "ibd", "name": "vdsr", "seed": 1, "outputs_count": 1}
    made, network = build(tmp_path / "net", **options, input_size=128)
    assert made.outputs[0].shape == [-1, 1, 128, 128]
    said = witness(network, tmp_path / "said", 128, channels=1)
    added = said["arr_0"] - said["pictures"]
    assert 0.02 < added.std() < 0.1


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", first=np.zeros(3, np.float32))
    with pytest.raises(InputError, match="do not belong to this definition"):
        build(tmp_path / "net", tmp_path / "other.npz", **MOBILENET, input_size=128)


def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path: Path) -> None:
    import pickle

    class Code:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return Path.touch, (Path(tmp_path / "was_run"),)  # type: ignore[return-value]

    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"first": Code()}, protocol=2))
    with pytest.raises(InputError, match="cannot be read as tensors alone"):
        build(tmp_path / "net", tmp_path / "bad.pth", **MOBILENET, input_size=128)
    assert not (tmp_path / "was_run").exists()
