"""What a record was measured of, field by field: the type of a number, by which it is compared.

Two records may be set against each other only where all fields agree but the one under study and
what cannot but follow from it: another precision is another file, another device another processor.
What is not here does not tell two measurements apart: slot, boot, time of day, and the seed, which
draws the inputs and numbers repetitions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ibd_mobile.core.device import Noun
from ibd_mobile.core.record import Record

#: precisions whose arithmetic is floating point; the others are quantized
FLOATING = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the key."""

    name: str  #: as on the command line and in JSON
    title: str
    read: Callable[[Record], str]
    follows: tuple[str, ...] = ()  #: variables whose change cannot but change this one
    is_variable: bool = True  #: can itself be what a comparison studies


class Difference(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """A field in which two records are not the same."""

    field: str
    title: str
    a: str
    b: str


def _system(record: Record) -> str:
    properties = record.hardware.properties
    return ", ".join(f"{name}={properties[name]}" for name in sorted(properties))


def _weights(record: Record) -> str:
    return "random" if record.workload.is_untrained else "trained"


def _program(record: Record) -> str:
    return f"{record.inference.program} {record.inference.program_version}"


#: in the order of the paper's layers
FIELDS: tuple[Field, ...] = (
    Field("kind", "kind of job", lambda r: r.job.kind, is_variable=False),
    Field("model", "model", lambda r: r.job.model),
    Field("training_framework", "training framework", lambda r: r.job.training_framework),
    Field("input_size", "input size", lambda r: str(r.job.input_size)),
    Field("precision", "precision", lambda r: r.job.precision),
    Field("batch", "batch", lambda r: str(r.job.batch)),
    Field(
        "artifact",
        "model file",
        lambda r: r.job.artifact_sha256,
        ("model", "training_framework", "input_size", "precision", "batch", "framework"),
    ),
    Field(
        "dataset",
        "data set",
        lambda r: r.workload.dataset,
        ("model", "input_size"),
        is_variable=False,
    ),
    Field("weights", "weights", _weights, ("model", "artifact"), is_variable=False),
    Field("framework", "inference framework", lambda r: r.job.framework),
    Field(
        "framework_version",
        "version of the inference framework",
        lambda r: r.inference.version,
        ("framework",),
    ),
    Field(
        "program",
        "measured program",
        _program,
        ("framework", "device", "tool_version"),
        is_variable=False,
    ),
    Field("tool_version", "version of ibd-mobile", lambda r: r.conditions.tool_version),
    Field("processor", "processor", lambda r: r.job.processor),
    Field("threads", "threads", lambda r: str(r.job.threads)),
    Field("device", "device", lambda r: r.job.device),
    Field("phone", "phone model", lambda r: r.hardware.phone, ("device",)),
    Field("unit", "unit (serial)", lambda r: r.hardware.serial, ("device", "phone")),
    Field("system", "system software", _system, ("device", "phone")),
    Field("protocol", "protocol", lambda r: r.job.protocol, is_variable=False),
    Field(
        "sampler_rate",
        "sampling rate",
        lambda r: f"{r.conditions.sampler_rate_hz:g} Hz",
        is_variable=False,
    ),
)
#: what a comparison can be about; beside these there is REPEAT
VARIABLES = tuple(field.name for field in FIELDS if field.is_variable)
#: nothing differs: the same was measured again
REPEAT = "repeat"


def key_of(record: Record) -> dict[str, str]:
    """Return all fields of a record, by name."""
    return {field.name: field.read(record) for field in FIELDS}


def differences(a: Record, b: Record) -> list[Difference]:
    """List the fields in which two records are not the same."""
    found = []
    for field in FIELDS:
        left, right = field.read(a), field.read(b)
        if left != right:
            found.append(Difference(field=field.name, title=field.title, a=left, b=right))
    return found


def in_the_way(found: Sequence[Difference], by: str) -> list[Difference]:
    """Return the differences that neither are the variable under study nor follow from it.

    Args:
        found: from `differences`.
        by: one of `VARIABLES`, or REPEAT.
    """
    follows = {field.name: field.follows for field in FIELDS}
    return [d for d in found if d.field != by and by not in follows[d.field]]


def is_simulated(record: Record) -> bool:
    """Whether the numbers are those of a program that plays a phone."""
    return any(finding.id == "SIMULATED" for finding in record.findings)


def refusal(a: Record, b: Record, by: str) -> str:
    """Say why two records cannot be compared as to a variable, or ""."""
    found = differences(a, b)
    if is_simulated(a) != is_simulated(b):
        which = "A" if is_simulated(a) else "B"
        return f"{which} is SIMULATED and the other is not"
    if by != REPEAT and by not in {d.field for d in found}:
        title = next(field.title for field in FIELDS if field.name == by)
        return f"both have the same {title}, {key_of(a)[by]}"
    others = in_the_way(found, by)
    if not others:
        return ""
    told = ", ".join(f"{d.title} ({_told(d)})" for d in others)
    names = {d.field for d in found}
    if {"device", "precision"} <= names and (
        (a.job.precision in FLOATING) != (b.job.precision in FLOATING)
    ):
        told += "; floating point on one device says nothing against quantized on another"
    return f"they also differ in {told}" if by != REPEAT else f"they differ in {told}"


def _told(difference: Difference) -> str:
    """Show what differs of two values: for a list of properties, those properties alone."""
    a, b = difference.a, difference.b
    if difference.field == "artifact":
        a, b = a[:8], b[:8]
    if difference.field == "system":
        parts = set(a.split(", ")) ^ set(b.split(", "))
        a, b = (", ".join(p for p in text.split(", ") if p in parts) for text in (a, b))
    return f"{a or '–'} / {b or '–'}"
