# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""Train shapes_classifier, convert it to float32 and int8 TFLite, and write its TOML.

Says whether the accuracy lies in the recorded intervals, then overwrites the files in the
repository; with `--check` it leaves them. Seeds are fixed, but TensorFlow rounds differently on
other processors: there the files' bytes differ, and their accuracy hardly.
"""

import argparse
import contextlib
import io
import platform
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import card
import keras
import network
import numpy as np
import tensorflow as tf

MINI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MINI))
import shapes  # noqa: E402  # in the folder above, where the product finds it

ID = "shapes_classifier"
TEST_SEED, TRAIN_SEED, VALIDATION_SEED, WEIGHTS_SEED = 1, 2, 3, 4
TEST_COUNT, TRAIN_COUNT, VALIDATION_COUNT, CALIBRATION_COUNT = 1000, 10_000, 1000, 500
EPOCHS_COUNT, BATCH = 14, 32
MEAN, SCALE = [0.0] * 3, [255.0] * 3  # so that int8 with scale 1/255 is the picture less 128
LOGIT_TOLERANCE = 1e-3  # float32 in another order of adding; a wrong graph is off by whole units
LEAST_AGREEMENT_RATIO = 0.96  # int8 against float32; below, calibration has gone wrong


_TURNS: tuple[Callable[[Any], Any], ...] = (
    lambda pictures: pictures[:, ::-1],
    lambda pictures: pictures[:, :, ::-1],
    lambda pictures: pictures.transpose(0, 2, 1, 3),
)


def _turned(pictures: Any, rng: np.random.Generator) -> Any:
    """Mirror and transpose at random: no class changes by that."""
    pictures = pictures.copy()
    for turn in _TURNS:
        chosen = rng.random(len(pictures)) < 0.5
        pictures[chosen] = turn(pictures[chosen])
    return pictures


def _train() -> Any:
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(WEIGHTS_SEED)
    classifier = network.build(shapes.SIZE, len(shapes.LABELS))
    trainer = tf.keras.Sequential([tf.keras.layers.Rescaling(1 / SCALE[0]), classifier])
    steps_count = EPOCHS_COUNT * -(-TRAIN_COUNT // BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(
        1e-4, steps_count, warmup_target=2e-3, warmup_steps=steps_count // 14
    )
    trainer.compile(
        tf.keras.optimizers.AdamW(rate, weight_decay=1e-3),
        tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    pictures, labels = (
        shapes.images(TRAIN_SEED, TRAIN_COUNT),
        shapes.labels(TRAIN_SEED, TRAIN_COUNT),
    )
    rng = np.random.default_rng(WEIGHTS_SEED)
    for epoch in range(EPOCHS_COUNT):
        start_s = time.monotonic()
        past = trainer.fit(_turned(pictures, rng), labels, batch_size=BATCH, verbose=0).history
        spent_s = time.monotonic() - start_s
        print(
            f"epoch {epoch + 1}/{EPOCHS_COUNT}: {past['accuracy'][0]:.4f} in {spent_s:.0f} s",
            flush=True,
        )
    return classifier


def _convert(classifier: Any, precision: str) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(classifier)
    if precision == "int8":
        pictures = shapes.images(TRAIN_SEED, CALIBRATION_COUNT)
        floats = shapes.tensor(pictures, MEAN, SCALE)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([one[np.newaxis]] for one in floats)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        # TFLite before 2.15 and most phone accelerators refuse dense weights scaled per channel.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with contextlib.redirect_stdout(io.StringIO()):  # a page about each variable
        return bytes(converter.convert())


def _infer(interpreter: Any, pictures: Any) -> Any:
    """Return real logits, (count, classes), of an artifact."""
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(inputs["index"], [1, *inputs["shape"][1:]], strict=True)
    interpreter.allocate_tensors()
    step = inputs["quantization"] if inputs["quantization"][0] else None
    fed = shapes.tensor(pictures, MEAN, SCALE, step, inputs["dtype"].__name__)
    logits = []
    for one in fed:
        interpreter.set_tensor(inputs["index"], one[np.newaxis])
        interpreter.invoke()
        logits.append(interpreter.get_tensor(outputs["index"])[0].astype(np.float64))
    scale, zero_point = outputs["quantization"]
    return (np.array(logits) - zero_point) * scale if scale else np.array(logits)


def _verify(classifier: Any, interpreters: dict[str, Any]) -> None:
    """Stop unless both files say what the trained network says."""
    pictures = shapes.images(VALIDATION_SEED, VALIDATION_COUNT)
    logits = {name: _infer(held, pictures) for name, held in interpreters.items()}
    truth = classifier.predict(shapes.tensor(pictures, MEAN, SCALE), verbose=0)
    error = np.abs(logits["float32"] - truth).max()
    same = (logits["int8"].argmax(1) == logits["float32"].argmax(1)).mean()
    right = (truth.argmax(1) == shapes.labels(VALIDATION_SEED, VALIDATION_COUNT)).mean()
    print(
        f"validation: top-1 {right:.4f}; float32 file off by ≤ {error:.2g}; int8 agrees {same:.4f}"
    )
    if error > LOGIT_TOLERANCE or same < LEAST_AGREEMENT_RATIO:
        sys.exit("the converted files do not follow the trained network")


def _reference(logits: Any) -> list[dict[str, Any]]:
    order = np.argsort(-logits, axis=1, kind="stable")
    is_hit = order == shapes.labels(TEST_SEED, TEST_COUNT)[:, np.newaxis]
    source = (
        f"models/mini/{ID}/train.py, tf.lite.Interpreter {tf.__version__},"
        f" set shapes, seed {TEST_SEED}"
    )
    return [
        {
            "metric": f"top{k}",
            "value": float(is_hit[:, :k].sum() / TEST_COUNT),
            "n": TEST_COUNT,
            "source": source,
        }
        for k in (1, 5)
    ]


def _describe(classifier: Any, pictures: Any, artifacts: list[Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": ID,
        "name": "Shapes classifier",
        "application": "classification",
        "licence": "Apache-2.0",
        "macs_count": network.macs_count(classifier),
        "macs_counter": network.COUNTER,
        "parameters_count": network.parameters_count(classifier),
        "notes": "Outputs are logits. Made by models/mini/shapes_classifier/train.py; do not edit.",
        "input": {
            "height": shapes.SIZE,
            "width": shapes.SIZE,
            "channels": 3,
            "layout": "NHWC",
            "colour_order": "RGB",
            "mean": MEAN,
            "scale": SCALE,
        },
        "dataset": {
            "id": "shapes",
            "generator": "mini/shapes",
            "seed": TEST_SEED,
            "count": TEST_COUNT,
            "labels": list(shapes.LABELS),
            "images_sha256": shapes.sha256(pictures),
            "labels_sha256": shapes.sha256(shapes.labels(TEST_SEED, TEST_COUNT)),
        },
        "artifacts": artifacts,
    }


def _make(folder: Path) -> dict[str, Any]:
    """Make both files and the TOML in `folder`; return the TOML's content."""
    classifier = _train()
    made_by = (
        f"models/mini/{ID}/train.py with tensorflow {tf.__version__}, keras {keras.__version__},"
        f" numpy {np.__version__}, Python {platform.python_version()} on {platform.machine()}"
    )
    interpreters, files = {}, {}
    for precision in ("float32", "int8"):
        files[precision] = folder / f"{ID}_{precision}.tflite"
        files[precision].write_bytes(_convert(classifier, precision))
        interpreters[precision] = tf.lite.Interpreter(str(files[precision]), num_threads=1)
    _verify(classifier, interpreters)
    pictures, artifacts = shapes.images(TEST_SEED, TEST_COUNT), []
    for precision, interpreter in interpreters.items():
        reference = _reference(_infer(interpreter, pictures))
        artifacts.append(
            card.artifact(files[precision], interpreter, precision, reference, made_by)
        )
    made = _describe(classifier, pictures, artifacts)
    (folder / f"{ID}.toml").write_text(card.to_toml(made), encoding="utf-8")
    return made


def _compare(made: dict[str, Any], recorded: dict[str, Any]) -> bool:
    """Say how what was made now stands to what is recorded."""
    is_good = bool(made["dataset"] == recorded["dataset"])
    print("data set:", "as recorded" if is_good else "DIFFERS from the recorded one")
    for new, old in zip(made["artifacts"], recorded["artifacts"], strict=True):
        print(new["file"], "same bytes" if new["sha256"] == old["sha256"] else "other bytes")
        for now, then in zip(new["reference"], old["reference"], strict=True):
            low, high = card.interval(then["value"], then["n"])
            is_inside = low <= now["value"] <= high
            is_good &= is_inside
            print(
                f"  {now['metric']} {now['value']:.4f}:",
                "within" if is_inside else "OUTSIDE",
                end=" ",
            )
            print(f"the recorded interval {low:.4f}…{high:.4f}")
    return is_good


def main() -> None:
    """Make the model, compare it with the recorded one, and take its place unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the recorded files only")
    is_check = parser.parse_args().check
    toml = MINI / f"{ID}.toml"
    with tempfile.TemporaryDirectory() as folder:
        made = _make(Path(folder))
        is_good = toml.exists() and _compare(made, tomllib.loads(toml.read_text(encoding="utf-8")))
        if is_check:
            sys.exit(not is_good)
        for path in sorted(Path(folder).iterdir()):
            shutil.copyfile(path, MINI / path.name)
            print("written:", MINI / path.name)


if __name__ == "__main__":
    main()
