# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""Train shapes_classifier in TensorFlow and write its source, a Keras archive.

Seeds are fixed, but TensorFlow rounds differently on other processors: there the file's bytes
differ, and its accuracy hardly.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import keras_network
import numpy as np
import recipe
import shapes
import tensorflow as tf
from ibd_remaking import packing

WEIGHTS_SEED, EPOCHS_COUNT = 4, 16
FILE = f"{recipe.ID}_tensorflow.keras"


class _Rate(keras.callbacks.Callback):
    """Sets the learning rate before each step, and says how far training is."""

    step = 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.model.optimizer.learning_rate = recipe.rate(self.step, EPOCHS_COUNT)
        self.step += 1


def _trained() -> Any:
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(WEIGHTS_SEED)
    classifier = keras_network.build(shapes.SIZE, len(shapes.LABELS))
    trainer = keras.Sequential([keras.layers.Rescaling(1 / recipe.SCALE[0]), classifier])
    trainer.compile(
        keras.optimizers.AdamW(recipe.RATE, weight_decay=recipe.WEIGHT_DECAY),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    pictures, labels = recipe.taught()
    seen = recipe.validated()
    rng, rate = np.random.default_rng(WEIGHTS_SEED), _Rate()
    for epoch in range(EPOCHS_COUNT):
        start_s = time.monotonic()
        past = trainer.fit(
            recipe.turned(pictures, rng),
            labels,
            batch_size=recipe.BATCH,
            verbose=0,
            callbacks=[rate],
        ).history
        is_last = epoch + 1 == EPOCHS_COUNT
        right = trainer.evaluate(*seen, verbose=0)[1] if is_last or epoch % 4 == 3 else float("nan")
        print(
            f"epoch {epoch + 1}/{EPOCHS_COUNT}: learned {past['accuracy'][0]:.4f},"
            f" validated {right:.4f}, {time.monotonic() - start_s:.0f} s",
            flush=True,
        )
    return classifier


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=recipe.MINI, help="where the file goes")
    folder = parser.parse_args().folder
    trained = _trained()
    trained.save(folder / FILE)
    packing.pack(folder / FILE)
    print("written:", folder / FILE)


if __name__ == "__main__":
    main()
