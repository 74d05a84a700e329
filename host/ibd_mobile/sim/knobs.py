"""What can be set on a simulated phone, at its start and while it runs."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ibd_mobile.core.errors import InputError


class Knobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state in which a phone lies in the rack."""

    battery_pct: float = 92.0  #: as the gauge knows it
    framework_level_offset: int = 0  #: how much more percent Android shows than the kernel
    plugged: bool = False  #: a USB port of 500 mA
    charging_allowed: bool = True  #: False: power is taken from USB, the battery gets none
    ambient_c: float = 25.0
    start_c: float | None = None  #: of the whole phone; None: at rest in the room
    rooted: bool = False  #: `su` and `adb root` work
    shell_v2: bool = True  #: False: exit codes and stderr get lost, as before Android 7
    max_payload: int = 0  #: bytes per packet; 0: the profile's
    data_free_bytes: int = 0  #: room under /data; 0: as much as this computer has
    sysfs_readable: bool = True  #: False: the shell may not read battery and heat nodes
    screen_on: bool = False
    auth: Literal["off", "refuse"] = "off"


def changed(knobs: Knobs, changes: Mapping[str, object]) -> Knobs:
    """Return knobs with some of them set.

    Raises:
        InputError: a name or a value is not right.
    """
    fields: dict[str, Any] = {**msgspec.to_builtins(knobs), **changes}
    try:
        return msgspec.convert(fields, Knobs)
    except msgspec.ValidationError as error:
        known = ", ".join(Knobs.__struct_fields__)
        raise InputError(
            "knobs of the simulated phone", str(error), f"There are: {known}"
        ) from None
