"""The one place that knows powers of ten and the units that phones and meters speak."""

from ibd_mobile.core.errors import InputError

NS_PER_S = 1_000_000_000
S_PER_NS = 1e-9
NS_PER_MS = 1_000_000
MS_PER_S = 1000
BYTES_PER_MIB = 1 << 20

#: vendor unit -> (SI unit, factor). The SI unit's suffix is that of our names.
_FACTORS: dict[str, tuple[str, float]] = {
    "A": ("a", 1.0),
    "mA": ("a", 1e-3),
    "uA": ("a", 1e-6),
    "nA": ("a", 1e-9),
    "V": ("v", 1.0),
    "mV": ("v", 1e-3),
    "uV": ("v", 1e-6),
    "W": ("w", 1.0),
    "mW": ("w", 1e-3),
    "uW": ("w", 1e-6),
    "J": ("j", 1.0),
    "mJ": ("j", 1e-3),
    "uJ": ("j", 1e-6),
    "mAh": ("c_charge", 3.6),
    "uAh": ("c_charge", 3.6e-3),
    "degC": ("c", 1.0),
    "ddegC": ("c", 0.1),
    "mdegC": ("c", 1e-3),
    "Hz": ("hz", 1.0),
    "kHz": ("hz", 1e3),
    "MHz": ("hz", 1e6),
    "pct": ("pct", 1.0),
    "text": ("text", 1.0),
    "count": ("count", 1.0),
}


def unit_names() -> list[str]:
    """Name every unit that a sensor in the catalog may have."""
    return sorted(_FACTORS)


def factor(unit: str) -> float:
    """Return what a reading in `unit` is multiplied by to be in SI (°C for temperatures).

    Raises:
        InputError: the unit is not one of `unit_names()`.

    >>> factor("uA") * 250_000
    0.25
    """
    return _entry(unit)[1]


def si_suffix(unit: str) -> str:
    """Return the suffix that a number takes after conversion: "a", "v", "w", "c", "hz", "pct".

    Charge becomes coulombs and has the suffix "c_charge", since "c" is for temperatures.

    Raises:
        InputError: the unit is not one of `unit_names()`.
    """
    return _entry(unit)[0]


def _entry(unit: str) -> tuple[str, float]:
    try:
        return _FACTORS[unit]
    except KeyError:
        known = ", ".join(unit_names())
        raise InputError(f"unit '{unit}'", "is not known", f"Use one of: {known}") from None
