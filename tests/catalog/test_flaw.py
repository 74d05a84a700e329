from typing import Any

import msgspec
import pytest

from ibd_mobile.catalog.flaw import flaws
from ibd_mobile.catalog.library import (
    devices,
    models,
    phones,
    picture_sets,
    protocols,
    studies,
)
from ibd_mobile.catalog.rack import Rack
from ibd_mobile.core.device import Noun, Slot


def changed(noun: Any, path: str, value: object) -> Any:
    """Return the noun with one value replaced, at a path like "sensors.0.unit"."""
    step, _, rest = path.partition(".")
    if isinstance(noun, list):
        place = int(step)
        return [
            *noun[:place],
            changed(noun[place], rest, value) if rest else value,
            *noun[place + 1 :],
        ]
    if isinstance(noun, dict):
        return noun | {step: value}
    inner = changed(getattr(noun, step), rest, value) if rest else value
    return msgspec.structs.replace(noun, **{step: inner})


def first_flaw(noun: Noun) -> str:
    return next((f"{place}: {problem}" for place, problem in flaws(noun)), "")


@pytest.mark.parametrize("family", [devices, phones, protocols, studies, models, picture_sets])
def test_what_is_shipped_has_no_flaw(family: Any) -> None:
    for noun in family().values():
        assert first_flaw(noun) == ""


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("id", "SD 855", "id: expected small letters, digits and _, found 'SD 855'"),
        ("recognise", [], "recognise: is empty, so it would never be recognised"),
        ("recognise.0.properties", {},
         "recognise[0].properties: is empty; name at least one property and its values"),
        ("recognise.1.properties", {"ro.a": []}, 'recognise[1].properties."ro.a": has no values'),
        ("recognise.0.source", " ", "recognise[0].source: is empty; say where this is from"),
        ("clusters.0.cpus", [], "clusters[0].cpus: is empty"),
        ("clusters.0.cpus", [-1], "clusters[0].cpus: expected 0 or more, found -1"),
        ("clusters.1.cpus", [3, 4], "clusters[1].cpus: cpu 3 is in cluster 'silver' already"),
        ("clusters.0.cpus", [0, 0], "clusters[0].cpus: cpu 0 is in cluster 'silver' already"),
        ("clusters.1.name", "silver", "clusters: 'silver' occurs 2 times as name"),
        ("clusters.0.max_hz", 0, "clusters[0].max_hz: expected more than 0, found 0"),
        ("clusters.0.ops_per_cycle", {"int8": 0.0},
         "clusters[0].ops_per_cycle.int8: expected more than 0, found 0.0"),
        ("clusters.0.source", "", "clusters[0].source: is empty; say where this is from"),
        ("processors.1.id", "cpu", "processors: 'cpu' occurs 2 times as id"),
        ("processors.0.peaks.1.precision", "float32",
         "processors[0].peaks: 'float32' occurs 2 times as precision"),
        ("processors.0.peaks.0.ops_per_s", 0.0,
         "processors[0].peaks[0].ops_per_s: expected more than 0, found 0.0"),
        ("processors.0.peaks.0.source", "",
         "processors[0].peaks[0].source: is empty; say where this is from"),
        ("processors.2.no_peak_reason", "",
         "processors[2].no_peak_reason: is missing; say why there is no peak"),
        ("memory_bytes_per_s", -1.0, "memory_bytes_per_s: expected more than 0, found -1.0"),
    ],
)  # fmt: skip
def test_a_flaw_of_a_device_is_found(path: str, value: object, flaw: str) -> None:
    assert first_flaw(changed(devices()["sd855"], path, value)) == flaw


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("sensors.1.id", "battery_current", "sensors: 'battery_current' occurs 2 times as id"),
        ("sensors.0.id", "a\tb", "sensors[0].id: expected small letters, digits and _, "
                                 "found 'a\tb'"),
        ("sensors.0.node", "",
         "sensors[0].node: is missing; give node (a path) or zone (the type of a zone)"),
        ("sensors.0.zone", "battery", "sensors[0].zone: cannot be given beside node"),
        ("sensors.0.node", "current_now",
         "sensors[0].node: expected an absolute path without '..', found 'current_now'"),
        ("sensors.0.node", "/sys/../data/x",
         "sensors[0].node: expected an absolute path without '..', found '/sys/../data/x'"),
        ("sensors.0.unit", "mV", "sensors[0].unit: 'mV' is no unit of a current"),
        ("sensors.0.positive", "",
         "sensors[0].positive: is missing; say what a positive current means"),
        ("sensors.0.period_s", -1.0, "sensors[0].period_s: expected 0 or more, found -1.0"),
        ("sensors.0.source", "", "sensors[0].source: is empty; say where this is from"),
        ("charge_stops.0.allow", "1",
         "charge_stops[0].allow: is the same word as stop, so it could not be undone"),
        ("charge_stops.0.node", "/a\n/b",
         "charge_stops[0].node: expected an absolute path without '..', found '/a\n/b'"),
        ("battery_mah", 0.0, "battery_mah: expected more than 0, found 0.0"),
    ],
)  # fmt: skip
def test_a_flaw_of_a_phone_is_found(path: str, value: object, flaw: str) -> None:
    assert first_flaw(changed(phones()["pixel_4"], path, value)) == flaw


def test_a_unit_that_does_not_exist_is_told_with_those_that_do() -> None:
    flaw = first_flaw(changed(phones()["pixel_4"], "sensors.0.unit", "microamps"))
    assert flaw.startswith("sensors[0].unit: 'microamps' is not known. Use one of: A, Hz, J, ")


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("timed_runs", 0, "timed_runs: expected more than 0, found 0"),
        ("warmup_runs", -1, "warmup_runs: expected 0 or more, found -1"),
        ("rest_s", -0.5, "rest_s: expected 0 or more, found -0.5"),
        ("battery_floor_pct", 101.0, "battery_floor_pct: expected 0 … 100, found 101.0"),
        ("battery_target_pct", 79.0,
         "battery_target_pct: is below battery_floor_pct, so charging could never open it"),
        ("source", "", "source: is empty; say where this is from"),
    ],
)  # fmt: skip
def test_a_flaw_of_a_protocol_is_found(path: str, value: object, flaw: str) -> None:
    assert first_flaw(changed(protocols()["ibd"], path, value)) == flaw


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("models", [], "models: is empty, so there would be nothing to do"),
        ("precisions", ["int8", "int8"], "precisions: 'int8' occurs 2 times"),
        ("threads", [1, 0], "threads[1]: expected more than 0, found 0"),
        ("batches", [-1], "batches[0]: expected more than 0, found -1"),
        ("repeats", 0, "repeats: expected more than 0, found 0"),
        ("variable", "batch", "variable: is batch, but batches has not two values"),
        ("variable", "input_size", "variable: is input_size, but input_sizes has not two values"),
    ],
)
def test_a_flaw_of_a_study_is_found(path: str, value: object, flaw: str) -> None:
    assert first_flaw(changed(studies()["shapes"], path, value)) == flaw


@pytest.mark.parametrize(
    "name", ["../x.tflite", "/x.tflite", "a/x.tflite", "..", ".", "", ".x", "x\n", "C:x", "a\\b"]
)
def test_an_artifact_outside_its_folder_is_refused(name: str) -> None:
    broken = changed(models()["shapes_classifier"], "variants.0.artifacts.0.file", name)
    assert first_flaw(broken) == (
        f"variants[0].artifacts[0].file: expected the name of a file beside this one, got '{name}'"
    )


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("variants", [], "variants: is empty"),
        ("variants.0.outputs_count", 0,
         "variants[0].outputs_count: expected more than 0, found 0"),
        ("variants.0.input.mean", [0.0],
         "variants[0].input.mean: expected 3 numbers, one for each channel"),
        ("variants.0.input.scale", [1.0, 0.0, 1.0],
         "variants[0].input.scale: is divided by, so it cannot be 0"),
        ("variants.0.artifacts.0.sha256", "0" * 63 + "G",
         "variants[0].artifacts[0].sha256: expected 64 small hexadecimal digits"),
        ("variants.0.artifacts.0.size_bytes", 0,
         "variants[0].artifacts[0].size_bytes: expected more than 0, found 0"),
        ("variants.0.artifacts.0.batch", 0,
         "variants[0].artifacts[0].batch: expected more than 0, found 0"),
    ],
)  # fmt: skip
def test_a_flaw_of_a_model_is_found(path: str, value: object, flaw: str) -> None:
    assert first_flaw(changed(models()["shapes_classifier"], path, value)) == flaw


def test_a_variant_that_nothing_can_be_made_of_is_found() -> None:
    without_files = changed(models()["shapes_classifier"], "variants.0.artifacts", [])
    assert first_flaw(without_files) == ""  # it has a source
    assert first_flaw(changed(without_files, "variants.0.source", None)) == (
        "variants[0].source: is missing; give a source, a definition or artifacts"
    )


@pytest.mark.parametrize(
    ("slots", "flaw"),
    [
        ([Slot(id="a"), Slot(id="a")], "slot: 'a' occurs 2 times as id"),
        (
            [Slot(id="a", serial="S"), Slot(id="b", serial="S")],
            "slot: 'S' occurs 2 times as serial",
        ),
        ([Slot(id="")], "slot[0].id: is empty"),
        ([Slot(id="a", adb_port=70000)], "slot[0].adb_port: expected 0 … 65535, found 70000"),
        ([Slot(id="a"), Slot(id="b")], ""),
    ],
)
def test_a_flaw_of_a_rack_is_found(slots: list[Slot], flaw: str) -> None:
    assert first_flaw(Rack(schema=1, id="r", slots=slots)) == flaw


@pytest.mark.parametrize(
    ("id", "path", "value", "flaw"),
    [
        ("ssd_mobilenet_v1", "variants.0.outputs_count", 4,
         "variants[].outputs_count: 4 scores cannot be told from the 4 numbers of a box"),
        ("shapes_classifier", "dataset.generator", "",
         "dataset.generator: is missing; pictures are named by labels and --pictures"),
        ("shapes_classifier", "dataset.pictures", "imagenet_val",
         "dataset.generator: is missing; pictures are named by labels and --pictures"),
        ("vgg16", "enlargement_ratio", 2,
         "enlargement_ratio: belongs to super-resolution, and is 0 or more"),
        ("vgg16", "border_px", 2, "border_px: belongs to super-resolution, and is 0 or more"),
        ("vdsr", "border_px", -1, "border_px: belongs to super-resolution, and is 0 or more"),
    ],
)  # fmt: skip
def test_a_model_that_could_not_be_judged_is_refused(
    id: str, path: str, value: object, flaw: str
) -> None:
    assert first_flaw(changed(models()[id], path, value)) == flaw
