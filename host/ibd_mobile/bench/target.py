"""One physical machine, reached and recognised."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Identity
from ibd_mobile.core.device import Device, Phone, Sensor, Slot
from ibd_mobile.core.errors import InputError, PhoneError, PhoneNotReady
from ibd_mobile.core.registry import unknown
from ibd_mobile.core.seams import Link
from ibd_mobile.machine import probe
from ibd_mobile.machine.adb import AdbLink, AdbServer
from ibd_mobile.machine.local import LocalLink


@dataclass(frozen=True, slots=True)
class Target:
    """A slot with the machine that sits in it."""

    slot: Slot
    link: Link
    device: Device
    phone: Phone | None
    identity: Identity

    @property
    def is_phone(self) -> bool:
        """Whether battery, rest and adb rules hold for it."""
        return self.device.deployment == "mobile"

    @property
    def sensors(self) -> list[Sensor]:
        """The phone model's sensors, or those of the device if the model is not known."""
        return self.phone.sensors if self.phone else self.device.sensors


def open_target(slot: Slot, stock: Stock) -> Target:
    """Reach the machine of a slot and recognise it.

    Raises:
        PhoneGone, PhoneUnauthorized, PhoneError: it cannot be reached.
        PhoneNotReady: it is no device of the catalog.
    """
    link: Link = (
        AdbLink(AdbServer(slot.adb_port), slot.serial) if slot.serial else LocalLink(host_root())
    )
    identity = probe.probe(link, stock.devices, stock.phones)
    if not identity.device:
        platform = identity.properties.get("ro.board.platform", "")
        raise PhoneNotReady(
            slot.serial or "this computer",
            f"is no device of the catalog (ro.board.platform is '{platform}')",
            "Describe it in a TOML file under devices/ (see CONTRIBUTING, «A new device»).",
        )
    return Target(
        slot=slot,
        link=link,
        device=stock.devices[identity.device],
        phone=stock.phones.get(identity.phone),
        identity=identity,
    )


def host_root() -> Path:
    """Folder of this computer that plays the part of a phone's work folder."""
    return Path(platformdirs.user_cache_dir("ibd-mobile")) / "host"


def find_slots(name: str, stock: Stock, adb_port: int) -> list[Slot]:
    """Find what `--device NAME` means: a slot of the rack, a serial, or a device of the catalog.

    Args:
        name: slot name, adb serial or device id.
        stock: the catalog.
        adb_port: the adb server's port; 0 = the usual one.

    Raises:
        InputError: no such name, or two phones answer to it.
        PhoneError: no phone of that device is connected.
    """
    if name in stock.slots:
        return [stock.slots[name]]
    device = stock.devices.get(name)
    if device is not None and device.deployment != "mobile":
        return [Slot(id=name)]
    connected = AdbServer(adb_port).devices()
    if any(d.serial == name for d in connected):
        return [Slot(id=name, serial=name, adb_port=adb_port)]
    if device is None:
        known = itertools.chain(stock.devices, stock.slots, (d.serial for d in connected))
        raise unknown("device", name, known)
    return [_the_phone(device, stock, [d.serial for d in connected], adb_port)]


def _the_phone(device: Device, stock: Stock, serials: list[str], adb_port: int) -> Slot:
    found = list(_phones_of(device, stock, serials, adb_port))
    if len(found) > 1:
        raise InputError(
            f"device '{device.id}'",
            f"{len(found)} phones answer to it: {', '.join(s.serial for s in found)}",
            "Name one by its serial, or give each a slot in a rack file.",
        )
    if not found:
        there = ", ".join(serials) or "none"
        raise PhoneError(
            device.id,
            f"no {device.name} phone is connected (adb lists: {there})",
            "Plug one in and accept its key, or add --sim to use a simulated one.",
        )
    return found[0]


def _phones_of(device: Device, stock: Stock, serials: list[str], adb_port: int) -> Iterator[Slot]:
    for serial in serials:
        slot = Slot(id=serial, serial=serial, adb_port=adb_port)
        try:
            identity = probe.probe(
                AdbLink(AdbServer(adb_port), serial), stock.devices, stock.phones
            )
        except PhoneError:
            continue  # an offline neighbour in the rack is no reason to stop
        if identity.device == device.id:
            yield Slot(id=device.id, serial=serial, adb_port=slot.adb_port)
