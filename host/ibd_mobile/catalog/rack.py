"""A lab's own wiring: which physical device sits where."""

from typing import Literal

import msgspec

from ibd_mobile.core.device import Noun, Slot


class Rack(Noun, frozen=True, kw_only=True):
    """The slots of one rack; in TOML each is a table `[[slot]]`."""

    schema: Literal[1]
    id: str
    name: str = ""
    slots: list[Slot] = msgspec.field(name="slot")
    notes: str = ""
