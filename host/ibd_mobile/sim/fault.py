"""What can go wrong with a simulated phone."""

from collections.abc import Mapping

import msgspec

from ibd_mobile.core.errors import InputError

#: name -> what it does, for people
FAULTS = {
    "gone": "drop the connection and refuse new ones for `seconds` (0: for ever)",
    "die_after_bytes": "cut the connection after `byte_count` more bytes of data to the host",
    "offline": "take connections and packets, answer nothing",
    "reboot": "boot anew, `seconds` away",
    "unauthorized": "ask for a key and accept none",
    "disk_full": "leave `free_bytes` under /data/local/tmp",
    "clock_step": "let the boot clock jump by `seconds`",
    "freeze_gauge": "let the battery nodes keep their values",
    "throttle": "limit all clocks to `ratio` of their highest",
}


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that goes wrong; only the fields of its kind count."""

    name: str
    seconds: float = 0.0
    byte_count: int = 0
    free_bytes: int = 0
    ratio: float = 0.5


def read(name: str, arguments: Mapping[str, object]) -> Fault:
    """Make a fault out of a name and its arguments.

    Raises:
        InputError: there is no such fault, or an argument is not right.
    """
    if name not in FAULTS:
        raise InputError(f"fault '{name}'", "is not known", f"Use one of: {', '.join(FAULTS)}")
    try:
        return msgspec.convert({"name": name, **arguments}, Fault)
    except msgspec.ValidationError as error:
        raise InputError(f"fault '{name}'", str(error), FAULTS[name]) from None
