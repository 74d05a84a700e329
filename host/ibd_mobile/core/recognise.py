"""Which hardware it is, told from its properties by the catalog's rules alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ibd_mobile.core.device import Device, Phone, Rule

Kind = TypeVar("Kind", Device, Phone)


def match(rules: Sequence[Rule], properties: Mapping[str, str]) -> bool:
    """Tell whether one of the rules holds: each of its properties has one of its values."""
    return _strength(rules, properties) > 0


def identify(
    properties: Mapping[str, str], devices: Mapping[str, Device], phones: Mapping[str, Phone]
) -> tuple[Device | None, Phone | None]:
    """Find the device and the phone model that the properties belong to.

    The rule with the most properties wins, so that a narrow rule beats a broad one; where two
    are equally narrow neither is taken. A phone counts only if it holds the recognised device,
    since one model name can hide two SoCs. A phone whose SoC is not named by any property is
    believed to hold the device that its file says. A machine with Android's properties is
    never taken for a host.

    Args:
        properties: Android's (`ro.…`) or a host's (`host.…`).
        devices: by id.
        phones: by id.

    Returns:
        The device and the phone; None for what is not recognised without doubt.
    """
    properties = _telling(properties)
    likely_devices = _strongest(devices.values(), properties)
    ids = {device.id for device in likely_devices}
    likely_phones = _strongest(
        (phone for phone in phones.values() if not ids or phone.device in ids), properties
    )
    phone = likely_phones[0] if len(likely_phones) == 1 else None
    if phone is not None:
        return devices.get(phone.device), phone
    return (likely_devices[0] if len(likely_devices) == 1 else None), None


def _telling(properties: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out a host's properties where there are Android's: `uname` says Linux there too."""
    if any(name.startswith("ro.") for name in properties):
        return {k: v for k, v in properties.items() if not k.startswith("host.")}
    return properties


def _strength(rules: Sequence[Rule], properties: Mapping[str, str]) -> int:
    """Count the properties of the narrowest rule that holds; 0 if none does."""
    return max((len(r.properties) for r in rules if _holds(r, properties)), default=0)


def _holds(rule: Rule, properties: Mapping[str, str]) -> bool:
    return all(properties.get(name) in values for name, values in rule.properties.items())


def _strongest(kinds: Iterable[Kind], properties: Mapping[str, str]) -> list[Kind]:
    strengths = [(_strength(kind.recognise, properties), kind) for kind in kinds]
    most = max((strength for strength, _ in strengths), default=0)
    return [kind for strength, kind in strengths if strength == most > 0]
