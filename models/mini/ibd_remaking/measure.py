"""Accuracy of a file on the test set, by the product's own measures."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.bench.inputs import labelled_inputs
from ibd_mobile.core.model import Artifact, Model, ReferenceAccuracy, Tensor, Variant
from ibd_mobile.results.box_decoding import decode
from ibd_mobile.results.boxes import true_boxes
from ibd_mobile.results.classification import rank_labels
from ibd_mobile.results.detection import match
from ibd_mobile.results.stats import Interval, mean_interval
from ibd_mobile.results.super_resolution import psnr_db, ssim_ratio

Outputs = list[NDArray[np.float64]]  #: one array per output, (samples, …)
Figures = Mapping[str, Interval | str]

_ONNX_BATCH = 50


def references(model: Model, variant: Variant, artifact: Artifact, file: Path) -> list[Any]:
    """Measure a file, and say it as the TOML does.

    Args:
        model: with its data set.
        variant: says how a picture becomes an input.
        artifact: describes the file.
        file: where it lies.

    Returns:
        ReferenceAccuracy of each metric of the application.
    """
    labelled = labelled_inputs(model, variant, artifact)
    taken = artifact.inputs[0]
    inputs = np.fromfile(labelled.file, taken.dtype).reshape(-1, *taken.shape[1:])
    stored, runtime = _RUNTIMES[artifact.format](file, artifact, inputs)
    outputs = [_real(held, told) for held, told in zip(stored, artifact.outputs, strict=True)]
    figures = _FIGURES[model.application](model, variant, outputs, labelled.truth)
    dataset = model.dataset
    source = f"models/mini/remake.py, {runtime}" + (
        f", set {dataset.id}, seed {dataset.seed}" if dataset else ""
    )
    return [
        ReferenceAccuracy(
            metric=name, value=held.value, n=held.n, low=held.low, high=held.high, source=source
        )
        for name, held in figures.items()
        if isinstance(held, Interval)
    ]


def _real(stored: NDArray[Any], told: Tensor) -> NDArray[np.float64]:
    values = stored.astype(np.float64)
    how = told.quantization
    return values if how is None else how.scale * (values - how.zero_point)


def _tflite(file: Path, artifact: Artifact, inputs: NDArray[Any]) -> tuple[list[Any], str]:
    import ai_edge_litert
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file), num_threads=1)
    given = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(given, [1, *inputs.shape[1:]], strict=True)
    interpreter.allocate_tensors()
    places = {held["name"]: held["index"] for held in interpreter.get_output_details()}
    found: list[list[Any]] = [[] for _ in artifact.outputs]
    for one in inputs:
        interpreter.set_tensor(given, one[np.newaxis])
        interpreter.invoke()
        for held, output in zip(found, artifact.outputs, strict=True):
            held.append(interpreter.get_tensor(places[output.name])[0])
    return [np.stack(held) for held in found], f"LiteRT {ai_edge_litert.__version__}"


def _onnx(file: Path, artifact: Artifact, inputs: NDArray[Any]) -> tuple[list[Any], str]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Node by node: fused int8 kernels saturate in 16-bit sums on x86 processors without VNNI, and
    # what is recorded shall not depend on the processor.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in artifact.outputs]
    parts = [
        session.run(names, {artifact.inputs[0].name: inputs[at : at + _ONNX_BATCH]})
        for at in range(0, len(inputs), _ONNX_BATCH)
    ]
    stored = [np.concatenate(held) for held in zip(*parts, strict=True)]
    return stored, f"ONNX Runtime {onnxruntime.__version__}"


_RUNTIMES: Mapping[str, Callable[[Path, Artifact, NDArray[Any]], tuple[list[Any], str]]] = {
    "tflite": _tflite,
    "onnx": _onnx,
}


def _classification(_: Model, __: Variant, outputs: Outputs, truth: NDArray[Any]) -> Figures:
    ranks = rank_labels(outputs[0].reshape(len(truth), -1), truth.astype(np.int64))
    return {"top1": ranks.top(1), "top5": ranks.top(5)}


def _detection(model: Model, _: Variant, outputs: Outputs, truth: NDArray[Any]) -> Figures:
    if model.boxes is None or model.dataset is None:
        raise ValueError(f"{model.id} does not say how its outputs become boxes")
    codes = next(k for k, held in enumerate(outputs) if held.shape[-1] == 4)
    found = decode(zip(outputs[codes], outputs[1 - codes], strict=True), model.boxes)
    return match(true_boxes(truth.astype(np.float64)), found, model.dataset.count).intervals()


def _super_resolution(_: Model, variant: Variant, outputs: Outputs, truth: Any) -> Figures:
    taken = variant.input
    pictures = outputs[0].reshape(truth.shape) * taken.scale[0] + taken.mean[0]
    shown = np.clip(np.rint(pictures), 0.0, 255.0)[..., 0]
    pairs = list(zip(truth[..., 0].astype(np.float64), shown, strict=True))
    return {
        "psnr_db": mean_interval([psnr_db(*pair) for pair in pairs]),
        "ssim": mean_interval([ssim_ratio(*pair) for pair in pairs]),
    }


_FIGURES: Mapping[str, Callable[[Model, Variant, Outputs, NDArray[Any]], Figures]] = {
    "classification": _classification,
    "detection": _detection,
    "super_resolution": _super_resolution,
}
