"""Temperatures as Android's thermal service tells them, for phones that close their sysfs."""

import re

_CURRENT = "Current temperatures from HAL:"
_LINE = re.compile(r"^\s+Temperature\{mValue=([-\d.]+), mType=(-?\d+), mName=([^,]+),")
_SITES = {0: "cpu", 1: "gpu", 2: "battery", 3: "skin", 4: "usb port", 9: "npu"}
_LEAST_C, _MOST_C = -30.0, 125.0


def is_plausible_c(value_c: float) -> bool:
    """Tell whether a zone's value can be a temperature of a phone that runs.

    −40 °C is what a missing thermistor reads, −274 °C an idle current limiter, and 125 °C is
    said where the skin's sensors are damaged.
    """
    return _LEAST_C < value_c < _MOST_C


def parse_thermal_service(text: str) -> dict[str, float]:
    """Read the live temperatures of `dumpsys thermalservice`, the highest of each kind.

    The list of cached temperatures above them is that of the last events and may be hours old.

    Returns:
        "cpu", "gpu", "battery", "skin", "usb port", "npu" -> °C; empty where the phone has no
        such service, or its HAL is not ready.
    """
    found: dict[str, float] = {}
    _, is_there, rest = text.partition(_CURRENT)
    if not is_there:
        return found
    for line in rest.splitlines()[1:]:
        told = _LINE.match(line)
        if told is None:
            break
        site, value_c = _SITES.get(int(told[2])), float(told[1])
        if site is not None and is_plausible_c(value_c):
            found[site] = max(value_c, found.get(site, value_c))
    return found
