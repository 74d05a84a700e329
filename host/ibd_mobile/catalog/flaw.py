"""What is wrong with a noun although every value has the right type."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import singledispatch
from typing import Final

from ibd_mobile.catalog.picture_set_flaw import of_picture_set
from ibd_mobile.catalog.rack import Rack
from ibd_mobile.core.device import (
    Cluster,
    Device,
    Noun,
    Phone,
    Processor,
    Quantity,
    Rule,
    Sensor,
)
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Artifact, Input, Model, Source, Variant
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.study import AXES, Protocol, Study
from ibd_mobile.core.units import si_suffix

Flaw = tuple[str, str]  #: path of the key, and what is wrong there

#: what a reading of each quantity must be once it is in SI
_SUFFIXES: Final[dict[Quantity, tuple[str, ...]]] = {
    "current": ("a",),
    "voltage": ("v",),
    "power": ("w",),
    "charge": ("c_charge",),
    "level": ("pct",),
    "status": ("text",),
    "plugged": ("count", "text"),
    "temperature": ("c",),
    "frequency": ("hz",),
}
_ID = re.compile(r"[a-z0-9][a-z0-9_]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@singledispatch
def flaws(noun: Noun) -> Iterator[Flaw]:
    """Yield what is wrong with a noun that was read from a file, one flaw at a time.

    Args:
        noun: a Device, Phone, Protocol, Study, Model, PictureSet or Rack.
    """
    raise NotImplementedError(f"no rules for a {type(noun).__name__}")


@flaws.register
def _of_device(device: Device) -> Iterator[Flaw]:
    yield from _of_id(device.id)
    yield from _of_rules(device.recognise)
    yield from _of_clusters(device.clusters)
    yield from _twice("processors", "id", [p.id for p in device.processors])
    for index, processor in enumerate(device.processors):
        yield from _of_processor(processor, f"processors[{index}]")
    yield from _of_sensors(device.sensors)
    yield from _not_positive("memory_bytes_per_s", device.memory_bytes_per_s)


@flaws.register
def _of_phone(phone: Phone) -> Iterator[Flaw]:
    yield from _of_id(phone.id)
    yield from _of_rules(phone.recognise)
    yield from _of_sensors(phone.sensors)
    yield from _not_positive("battery_mah", phone.battery_mah)
    for index, stop in enumerate(phone.charge_stops):
        place = f"charge_stops[{index}]"
        yield from _of_node(f"{place}.node", stop.node)
        yield from _of_source(place, stop.source)
        if stop.stop == stop.allow:
            yield f"{place}.allow", "is the same word as stop, so it could not be undone"


@flaws.register
def _of_protocol(protocol: Protocol) -> Iterator[Flaw]:
    yield from _of_id(protocol.id)
    for key in ("timed_runs", "power_window_s", "gate_limit_s"):
        yield from _not_positive(key, getattr(protocol, key))
    for key in ("warmup_runs", "rest_s", "power_periods", "idle_s"):
        if getattr(protocol, key) < 0:
            yield key, f"expected 0 or more, found {getattr(protocol, key)}"
    for key in ("battery_floor_pct", "battery_target_pct"):
        if not 0 <= getattr(protocol, key) <= 100:
            yield key, f"expected 0 … 100, found {getattr(protocol, key)}"
    if protocol.battery_target_pct < protocol.battery_floor_pct:
        yield "battery_target_pct", "is below battery_floor_pct, so charging could never open it"
    yield from _of_source("", protocol.source)


@flaws.register
def _of_study(study: Study) -> Iterator[Flaw]:
    yield from _of_id(study.id)
    for key in study.__struct_fields__:
        axis = getattr(study, key)
        if not isinstance(axis, list):
            continue
        if not axis and key != "input_sizes":
            yield key, "is empty, so there would be nothing to do"
        yield from _twice(key, "", axis)
    for key in ("threads", "batches", "input_sizes"):
        for index, count in enumerate(getattr(study, key)):
            yield from _not_positive(f"{key}[{index}]", count)
    yield from _not_positive("repeats", study.repeats)
    if study.variable and len(getattr(study, AXES[study.variable])) < 2:
        yield "variable", f"is {study.variable}, but {AXES[study.variable]} has not two values"


@flaws.register
def _of_model(model: Model) -> Iterator[Flaw]:
    yield from _of_id(model.id)
    if not model.variants:
        yield "variants", "is empty"
    yield from _twice(
        "variants", "training_framework", [v.training_framework for v in model.variants]
    )
    files = [a.file for v in model.variants for a in v.artifacts]
    yield from _twice("variants[].artifacts", "file", files)
    for index, cost in enumerate(model.published):
        yield from _of_source(f"published[{index}]", cost.source)
    if (model.boxes is not None) != (model.application == "detection"):
        yield "boxes", "belongs to detectors, and each of them needs it"
    if model.boxes is not None and any(v.outputs_count == 4 for v in model.variants):
        yield "variants[].outputs_count", "4 scores cannot be told from the 4 numbers of a box"
    if model.dataset is not None and (not model.dataset.generator or model.dataset.pictures):
        yield "dataset.generator", "is missing; pictures are named by labels and --pictures"
    for key in ("enlargement_ratio", "border_px"):
        least = 0 if model.application == "super_resolution" else None
        if getattr(model, key) and (least is None or getattr(model, key) < least):
            yield key, "belongs to super-resolution, and is 0 or more"
    for index, variant in enumerate(model.variants):
        yield from _of_variant(variant, f"variants[{index}]")


@flaws.register
def _of_pictures(pictures: PictureSet) -> Iterator[Flaw]:
    yield from _of_id(pictures.id)
    yield from of_picture_set(pictures)


@flaws.register
def _of_rack(rack: Rack) -> Iterator[Flaw]:
    yield from _of_id(rack.id)
    yield from _twice("slot", "id", [s.id for s in rack.slots])
    yield from _twice("slot", "serial", [s.serial for s in rack.slots if s.serial])
    for index, slot in enumerate(rack.slots):
        if not slot.id:
            yield f"slot[{index}].id", "is empty"
        if not 0 <= slot.adb_port <= 65535:
            yield f"slot[{index}].adb_port", f"expected 0 … 65535, found {slot.adb_port}"


def _of_id(id: str) -> Iterator[Flaw]:
    if not _ID.fullmatch(id):
        yield "id", f"expected small letters, digits and _, found '{id}'"


def _of_rules(rules: Sequence[Rule]) -> Iterator[Flaw]:
    if not rules:
        yield "recognise", "is empty, so it would never be recognised"
    for index, rule in enumerate(rules):
        place = f"recognise[{index}]"
        if not rule.properties:
            yield f"{place}.properties", "is empty; name at least one property and its values"
        for name, values in rule.properties.items():
            if not values:
                yield f'{place}.properties."{name}"', "has no values"
        yield from _of_source(place, rule.source)


def _of_clusters(clusters: Sequence[Cluster]) -> Iterator[Flaw]:
    yield from _twice("clusters", "name", [c.name for c in clusters])
    owners: dict[int, str] = {}
    for index, cluster in enumerate(clusters):
        place = f"clusters[{index}]"
        if not cluster.cpus:
            yield f"{place}.cpus", "is empty"
        for cpu in cluster.cpus:
            if cpu < 0:
                yield f"{place}.cpus", f"expected 0 or more, found {cpu}"
            if cpu in owners:
                yield f"{place}.cpus", f"cpu {cpu} is in cluster '{owners[cpu]}' already"
            owners[cpu] = cluster.name
        yield from _not_positive(f"{place}.max_hz", cluster.max_hz)
        for precision, rate in cluster.ops_per_cycle.items():
            yield from _not_positive(f"{place}.ops_per_cycle.{precision}", rate)
        yield from _of_source(place, cluster.source)


def _of_processor(processor: Processor, place: str) -> Iterator[Flaw]:
    yield from _twice(f"{place}.peaks", "precision", [p.precision for p in processor.peaks])
    for index, peak in enumerate(processor.peaks):
        yield from _not_positive(f"{place}.peaks[{index}].ops_per_s", peak.ops_per_s)
        yield from _of_source(f"{place}.peaks[{index}]", peak.source)
    if not processor.peaks and not processor.no_peak_reason:
        yield f"{place}.no_peak_reason", "is missing; say why there is no peak"


def _of_sensors(sensors: Sequence[Sensor]) -> Iterator[Flaw]:
    yield from _twice("sensors", "id", [s.id for s in sensors])
    for index, sensor in enumerate(sensors):
        yield from _of_sensor(sensor, f"sensors[{index}]")


def _of_sensor(sensor: Sensor, place: str) -> Iterator[Flaw]:
    yield from _of_id_of_sensor(sensor.id, place)
    if not sensor.node and not sensor.zone:
        yield f"{place}.node", "is missing; give node (a path) or zone (the type of a zone)"
    if sensor.node and sensor.zone:
        yield f"{place}.zone", "cannot be given beside node"
    if sensor.node:
        yield from _of_node(f"{place}.node", sensor.node)
    try:
        suffix = si_suffix(sensor.unit)
    except InputError as error:
        yield f"{place}.unit", f"'{sensor.unit}' {error.problem}. {error.remedy}"
    else:
        if suffix not in _SUFFIXES[sensor.quantity]:
            yield f"{place}.unit", f"'{sensor.unit}' is no unit of a {sensor.quantity}"
    if sensor.quantity == "current" and not sensor.positive:
        yield f"{place}.positive", "is missing; say what a positive current means"
    for key in ("period_s", "mean_window_s", "quantum", "gain_error_pct"):
        if getattr(sensor, key) < 0:
            yield f"{place}.{key}", f"expected 0 or more, found {getattr(sensor, key)}"
    yield from _of_source(place, sensor.source)


def _of_id_of_sensor(id: str, place: str) -> Iterator[Flaw]:
    # the id is a column of a tab-separated file on the phone
    if not _ID.fullmatch(id):
        yield f"{place}.id", f"expected small letters, digits and _, found '{id}'"


def _of_variant(variant: Variant, place: str) -> Iterator[Flaw]:
    yield from _of_input(variant.input, f"{place}.input")
    yield from _not_positive(f"{place}.outputs_count", variant.outputs_count)
    if not variant.artifacts and variant.source is None and variant.definition is None:
        yield f"{place}.source", "is missing; give a source, a definition or artifacts"
    if variant.source is not None:
        yield from _of_model_source(variant.source, f"{place}.source")
    for index, artifact in enumerate(variant.artifacts):
        yield from _of_artifact(artifact, f"{place}.artifacts[{index}]")


def _of_input(taken: Input, place: str) -> Iterator[Flaw]:
    for key in ("mean", "scale"):
        if len(getattr(taken, key)) != taken.channels:
            yield f"{place}.{key}", f"expected {taken.channels} numbers, one for each channel"
    if 0 in taken.scale:
        yield f"{place}.scale", "is divided by, so it cannot be 0"
    if taken.resize == "shorter_side" and taken.resize_px < max(taken.height, taken.width):
        yield f"{place}.resize_px", f"expected at least {max(taken.height, taken.width)}"
    if taken.resize == "central_crop" and not 0 < taken.crop_ratio <= 1:
        yield f"{place}.crop_ratio", f"expected more than 0, at most 1, found {taken.crop_ratio}"
    if taken.sizes is not None and not 0 < taken.sizes.least <= taken.sizes.most:
        yield f"{place}.sizes", "expected 0 < least <= most"


def _of_model_source(source: Source, place: str) -> Iterator[Flaw]:
    roles = ["init", "predict"] if source.format == "caffe2" else None
    found = [file.role for file in source.files]
    if (roles and found != roles) or (not roles and len(found) != 1):
        expected = " and ".join(roles) if roles else "one file"
        yield f"{place}.files", f"expected {expected}, found {', '.join(found) or 'none'}"
    for index, file in enumerate(source.files):
        where = f"{place}.files[{index}]"
        if not file.url.startswith(("https://", "file:///")) and not _PLAIN_NAME.fullmatch(
            file.url
        ):
            yield f"{where}.url", f"expected https://, file:/// or a plain name, got '{file.url}'"
        if file.sha256 and not _SHA256.fullmatch(file.sha256):
            yield f"{where}.sha256", "expected 64 small hexadecimal digits"
        if file.md5 and not _MD5.fullmatch(file.md5):
            yield f"{where}.md5", "expected 32 small hexadecimal digits"


def _of_artifact(artifact: Artifact, place: str) -> Iterator[Flaw]:
    if not _PLAIN_NAME.fullmatch(artifact.file):
        yield f"{place}.file", f"expected the name of a file beside this one, got '{artifact.file}'"
    if not _SHA256.fullmatch(artifact.sha256):
        yield f"{place}.sha256", "expected 64 small hexadecimal digits"
    yield from _not_positive(f"{place}.size_bytes", artifact.size_bytes)
    for key in ("inputs", "outputs"):
        if not getattr(artifact, key):
            yield f"{place}.{key}", "is empty"
    for companion in artifact.companions:
        if not _PLAIN_NAME.fullmatch(companion.file):
            yield f"{place}.companions", f"expected a plain file name, got '{companion.file}'"
    if artifact.batch != -1:
        yield from _not_positive(f"{place}.batch", artifact.batch)


def _of_node(place: str, node: str) -> Iterator[Flaw]:
    if not node.startswith("/") or ".." in node.split("/") or not node.isprintable():
        yield place, f"expected an absolute path without '..', found '{node}'"


def _of_source(place: str, source: str) -> Iterator[Flaw]:
    if not source.strip():
        yield f"{place}.source".lstrip("."), "is empty; say where this is from"


def _not_positive(place: str, value: float | None) -> Iterator[Flaw]:
    if value is not None and value <= 0:
        yield place, f"expected more than 0, found {value}"


def _twice(place: str, key: str, values: Iterable[Hashable]) -> Iterator[Flaw]:
    for value, count in Counter(values).items():
        if count > 1:
            yield place, f"'{value}' occurs {count} times{f' as {key}' if key else ''}"
