# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""Train scenes_detector in TensorFlow and write its source, a Keras archive.

Seeds are fixed, but TensorFlow rounds differently on other processors: there the file's bytes
differ, and its accuracy hardly.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import coding
import keras
import network
import numpy as np
import tensorflow as tf

MINI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MINI))
import scenes  # noqa: E402  # in the folder above, where the product finds it
from ibd_remaking import packing  # noqa: E402

WEIGHTS_SEED = 6
TRAIN_SEED, TRAIN_COUNT = 2, 6000
VALIDATION_SEED, VALIDATION_COUNT = 3, 300
EPOCHS_COUNT, BATCH = 20, 32
RATE, WEIGHT_DECAY = 2e-3, 1e-3
CLASS_COUNT = len(scenes.LABELS)
FILE = "scenes_detector_tensorflow.keras"


def loss(taught: Any, answered: Any) -> Any:
    """Add up focal loss of the scores and Huber loss of the codes, per box that is there.

    Args:
        taught: (n, anchors, 4 + classes + 2), as `coding.lesson`.
        answered: (n, anchors, 4 + classes), codes and scores.
    """
    code, truth = taught[..., :4], taught[..., 4:-2]
    is_box, counts = taught[..., -2:-1], taught[..., -1:]
    logit = answered[..., 4:]
    ratio = tf.sigmoid(logit)
    missed = tf.where(truth > 0, 1 - ratio, ratio)
    weight = tf.where(truth > 0, 0.25, 0.75) * missed * missed
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(truth, logit)
    off = tf.abs(code - answered[..., :4])
    huber = tf.where(off < 1, 0.5 * off * off, off - 0.5)
    total = tf.reduce_sum(weight * crossed * counts) + 0.5 * tf.reduce_sum(huber * is_box)
    return total / tf.maximum(tf.reduce_sum(is_box), 1.0)


def _mirrored(boxes: Any, axis: int) -> Any:
    """Mirror boxes, (n, 4) top, left, bottom, right, along y (0) or x (1)."""
    mirrored = boxes.copy()
    mirrored[:, axis], mirrored[:, axis + 2] = 1 - boxes[:, axis + 2], 1 - boxes[:, axis]
    return mirrored


def lessons(pictures: Any, truth: Any, rng: np.random.Generator | None) -> tuple[Any, Any]:
    """Return pictures and what to answer, mirrored at random if there is an `rng`."""
    laid, pictures = coding.anchors(), pictures.copy()
    ends = np.searchsorted(truth[:, 0], np.arange(len(pictures) + 1))
    taught = np.empty((len(pictures), len(laid), 4 + CLASS_COUNT + 2), np.float32)
    for index in range(len(pictures)):
        rows = truth[ends[index] : ends[index + 1]]
        boxes = rows[:, 2:].astype(np.float64)
        for axis in (0, 1):
            if rng is not None and rng.random() < 0.5:
                boxes = _mirrored(boxes, axis)
                pictures[index] = np.flip(pictures[index], axis)
        taught[index] = coding.lesson(laid, boxes, rows[:, 1].astype(int), CLASS_COUNT)
    return pictures, taught


def _trained() -> Any:
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)  # threads would wait for each other
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(WEIGHTS_SEED)
    detector = network.build(scenes.SIZE, CLASS_COUNT)
    image = keras.layers.Input((scenes.SIZE, scenes.SIZE, 3))
    answers = keras.layers.Concatenate()(detector(keras.layers.Rescaling(1 / 255)(image)))
    trainer = keras.Model(image, answers)
    steps_count = EPOCHS_COUNT * -(-TRAIN_COUNT // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps_count, warmup_target=RATE, warmup_steps=steps_count // 20
    )
    trainer.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY), loss)
    pictures = scenes.images(TRAIN_SEED, TRAIN_COUNT)
    truth = scenes.truth(TRAIN_SEED, TRAIN_COUNT)
    seen = lessons(
        scenes.images(VALIDATION_SEED, VALIDATION_COUNT),
        scenes.truth(VALIDATION_SEED, VALIDATION_COUNT),
        None,
    )
    rng = np.random.default_rng(WEIGHTS_SEED)
    for epoch in range(EPOCHS_COUNT):
        start_s = time.monotonic()
        given, taught = lessons(pictures, truth, rng)
        learned = trainer.fit(given, taught, batch_size=BATCH, verbose=0).history["loss"][0]
        print(
            f"epoch {epoch + 1}/{EPOCHS_COUNT}: loss {learned:.4f}, validated"
            f" {trainer.evaluate(*seen, verbose=0):.4f}, {time.monotonic() - start_s:.0f} s",
            flush=True,
        )
    return detector


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=MINI, help="where the file goes")
    folder = parser.parse_args().folder
    trained = _trained()
    trained.save(folder / FILE)
    packing.pack(folder / FILE)
    print("written:", folder / FILE)


if __name__ == "__main__":
    main()
