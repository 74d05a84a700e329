"""The list of phones that an adb server sees."""

import re

from ibd_mobile.core.device import Noun

_LINE = re.compile(
    r"^(?P<serial>\S+)\s+(?P<state>\S.*?)"
    r"(?P<words>(?:\s+(?:usb:\S+|\w+:[^\s/]\S*))*)\s*$"
)


class AdbDevice(Noun, frozen=True, kw_only=True):
    """One line of `adb devices -l`."""

    serial: str
    state: str  #: "device" = fit for work, "offline", "unauthorized", "no permissions …"
    model: str = ""  #: only where the state is "device"
    product: str = ""


def parse_devices(text: str) -> list[AdbDevice]:
    """Read what `adb devices -l` lists.

    >>> parse_devices("2f01 device usb:1-1 product:OnePlus6 model:A6000")[0].model
    'A6000'
    """
    return [_device(found) for line in text.splitlines() if (found := _LINE.match(line))]


def _device(found: re.Match[str]) -> AdbDevice:
    words = dict(word.split(":", 1) for word in found["words"].split())
    return AdbDevice(
        serial=found["serial"],
        state=found["state"],
        model=words.get("model", ""),
        product=words.get("product", ""),
    )
