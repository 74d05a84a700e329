"""One physical machine, reached and recognised."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import platformdirs

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Identity
from ibd_mobile.core.device import Device, Phone, Sensor, Slot
from ibd_mobile.core.errors import InputError, PhoneError, PhoneNotReady
from ibd_mobile.core.recognise import match
from ibd_mobile.core.registry import unknown
from ibd_mobile.core.seams import Link
from ibd_mobile.machine import host_gpu, host_peak, host_sensors, probe
from ibd_mobile.machine.adb import AdbDevice, AdbLink, AdbServer
from ibd_mobile.machine.host_gpu import Card
from ibd_mobile.machine.local import LocalLink

_DIAL_S = 3.0


@dataclass(frozen=True, slots=True)
class Target:
    """A slot with the machine that sits in it."""

    slot: Slot
    link: Link
    device: Device
    phone: Phone | None
    identity: Identity
    card: Card | None = None  #: of a host whose device is a card

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
    link = _link_of(slot)
    if not slot.serial:
        named = stock.devices.get(slot.id)
        if named is not None and named.deployment != "mobile":
            return _host(slot, link, named, stock)
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


def _host(slot: Slot, link: Link, device: Device, stock: Stock) -> Target:
    """Recognise the part of this computer that a slot is named after: its processor, or a card.

    Raises:
        PhoneNotReady: it is not there.
    """
    identity = probe.probe(link, stock.devices, {})
    cards = host_gpu.cards() if device.processor("gpu") else []
    for card in [*cards, None]:
        of_card = {"host.gpu": card.name, "host.gpu_uuid": card.uuid} if card else {}
        properties = identity.properties | of_card
        if match(device.recognise, properties):
            return Target(
                slot=slot,
                link=link,
                device=device if card else _as_it_is(device, link, properties),
                phone=None,
                identity=msgspec.structs.replace(identity, device=device.id, properties=properties),
                card=card,
            )
    there = ", ".join(card.name for card in host_gpu.cards()) or "none"
    raise PhoneNotReady(
        "this computer",
        f"has no {device.name} (its NVIDIA cards: {there})",
        "Name another --device; a card that is built in but not listed lacks its driver.",
    )


def _as_it_is(device: Device, link: Link, properties: Mapping[str, str]) -> Device:
    """Add what no catalog can tell of this very computer: its CPU's peaks, its counters."""
    processors = [
        host_peak.with_peaks(p, link, properties) if p.id == "cpu" and not p.peaks else p
        for p in device.processors
    ]
    sensors = [*device.sensors, *host_sensors.package_sensors()]
    return msgspec.structs.replace(device, processors=processors, sensors=sensors)


def _link_of(slot: Slot) -> Link:
    if not slot.serial:
        return LocalLink(host_root())
    server = AdbServer(slot.adb_port)
    link = AdbLink(server, slot.serial)
    is_there = any((d.serial, d.state) == (slot.serial, "device") for d in server.devices())
    if ":" in slot.serial and not is_there:  # adb forgets a phone on the network that left
        link.reconnect(_DIAL_S)
    return link


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
        PhoneGone, PhoneUnauthorized: the only phone there is does not let itself be asked.
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
    return [_the_phone(device, stock, connected, adb_port)]


def _the_phone(device: Device, stock: Stock, connected: Sequence[AdbDevice], adb_port: int) -> Slot:
    found: list[Slot] = []
    refusals: list[PhoneError] = []
    for each in connected:
        try:
            found += _slot_of(device, stock, each.serial, adb_port)
        except PhoneError as error:
            refusals.append(error)  # an offline neighbour in the rack is no reason to stop
    if len(found) > 1:
        raise InputError(
            f"device '{device.id}'",
            f"{len(found)} phones answer to it: {', '.join(s.serial for s in found)}",
            "Name one by its serial, or give each a slot in a rack file.",
        )
    if not found and len(refusals) == len(connected) == 1:
        raise refusals[0]  # the phone that was meant, most likely
    if not found:
        there = ", ".join(f"{d.serial} ({d.state})" for d in connected) or "none"
        raise PhoneError(
            device.id,
            f"no {device.name} phone is connected (adb lists: {there})",
            "Plug one in and accept its key, or add --sim to use a simulated one.",
        )
    return found[0]


def _slot_of(device: Device, stock: Stock, serial: str, adb_port: int) -> list[Slot]:
    """Return the slot of a phone, or nothing where it is another device."""
    link = AdbLink(AdbServer(adb_port), serial)
    identity = probe.probe(link, stock.devices, stock.phones)
    if identity.device != device.id:
        return []
    return [Slot(id=device.id, serial=serial, adb_port=adb_port)]
