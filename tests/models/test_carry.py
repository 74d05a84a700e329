"""Weights are carried from PyTorch's layout to Keras': both compute the same."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

DICE = np.random.default_rng(1)


@pytest.fixture
def carry(mini: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(mini / "shapes_classifier"))
    for name in ("carry", "recipe"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import carry

    return carry


def torch_convolved(x: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
    """(channels, h, w) by (out, in / groups, 3, 3), as PyTorch's documentation defines it."""
    out = np.zeros((len(weight), x.shape[1] - 2, x.shape[2] - 2))
    per_group = len(weight) // groups
    for k, kernel in enumerate(weight):
        first = k // per_group * kernel.shape[0]
        for c, plane in enumerate(kernel):
            for dy in range(3):
                for dx in range(3):
                    part = x[first + c, dy : dy + out.shape[1], dx : dx + out.shape[2]]
                    out[k] += plane[dy, dx] * part
    return out


def keras_convolved(x: np.ndarray, kernel: np.ndarray, *, is_depthwise: bool) -> np.ndarray:
    """(h, w, channels) by (3, 3, in, out), depthwise (3, 3, channels, 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (0, 1))
    if is_depthwise:
        return np.einsum("ijcyx,yxc->ijc", windows, kernel[..., 0])
    return np.einsum("ijcyx,yxco->ijo", windows, kernel)


@pytest.mark.parametrize(("name", "groups"), [("stem", 1), ("depthwise_3", 4)])
def test_a_carried_kernel_computes_what_it_did(carry: ModuleType, name: str, groups: int) -> None:
    x = DICE.normal(size=(4, 7, 6))
    weight = DICE.normal(size=(5 if groups == 1 else 4, 4 // groups, 3, 3))
    before = torch_convolved(x, weight, groups)
    kernel = carry.kernel(name, weight)
    after = keras_convolved(x.transpose(1, 2, 0), kernel, is_depthwise=groups > 1)
    assert after.transpose(2, 0, 1) == pytest.approx(before)


def test_a_carried_dense_layer_computes_what_it_did(carry: ModuleType) -> None:
    x, weight = DICE.normal(size=5), DICE.normal(size=(3, 5))
    assert x @ carry.kernel("logits", weight) == pytest.approx(weight @ x)


def test_every_weight_is_carried_once(carry: ModuleType) -> None:
    layers = carry.layers()
    state = {"logits.weight": DICE.normal(size=(10, 88)), "logits.bias": DICE.normal(size=10)}
    for name in layers:
        state[f"features.{name}.weight"] = DICE.normal(size=(8, 1, 3, 3))
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"features.{name}_norm.{part}"] = DICE.normal(size=8)
    carried = [array for arrays in carry.carried(state).values() for array in arrays]
    assert len(carried) == len(state)
    assert sorted(array.sum() for array in carried) == pytest.approx(
        sorted(array.sum() for array in state.values())
    )
    assert len(layers) == 1 + 2 * 8
