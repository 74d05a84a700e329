"""`ibd-mobile devices`: what is connected, and what the catalog knows."""

from typing import Annotated, Any

import typer


def devices(
    adb_port: Annotated[
        int, typer.Option("--adb-port", help="Port of the adb server; 0 = the usual one.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List connected phones with what they were recognised as, and the devices of the catalog."""
    from rich.table import Table

    from ibd_mobile.catalog.stock import Stock
    from ibd_mobile.cli import console

    stock = Stock.read()
    connected, problem = _connected(stock, adb_port)
    known = [
        {
            "id": d.id,
            "name": d.name,
            "deployment": d.deployment,
            "processors": [p.id for p in d.processors],
        }
        for d in stock.devices.values()
    ]
    if json:
        document = {"schema": 1, "connected": connected, "problem": problem, "catalog": known}
        console.print_json(document)
        return
    table = Table(title="connected", title_justify="left", box=None, pad_edge=False)
    for column in ("serial", "state", "device", "phone", "note"):
        table.add_column(column)
    for row in connected:
        table.add_row(row["serial"], row["state"], row["device"], row["phone"], row["note"])
    console.out().print(table if connected else f"connected: none{problem and f' ({problem})'}")
    catalog = Table(title="catalog", title_justify="left", box=None, pad_edge=False)
    for column in ("id", "name", "deployment", "processors"):
        catalog.add_column(column)
    for entry in known:
        catalog.add_row(
            str(entry["id"]),
            str(entry["name"]),
            str(entry["deployment"]),
            " ".join(entry["processors"]),
        )
    console.out().print(catalog)


def _connected(stock: Any, adb_port: int) -> tuple[list[dict[str, str]], str]:
    """Ask the adb server, the slots of racks, and the simulated phones that are up."""
    from ibd_mobile.cli.simulated import standing_rack
    from ibd_mobile.core.errors import HostError
    from ibd_mobile.machine.adb import AdbServer
    from ibd_mobile.sim import rack

    rows, problem = [], ""
    ports = {adb_port, *(s.adb_port for s in stock.slots.values() if s.serial)}
    try:
        for port in sorted(ports):
            rows += [_row(stock, port, d.serial, d.state) for d in AdbServer(port).devices()]
    except HostError as error:
        problem = error.problem
    for simulated in rack.running(standing_rack()):
        rows.append(_row(stock, simulated.server_port, simulated.serial, "device"))
    return rows, problem


def _row(stock: Any, port: int, serial: str, state: str) -> dict[str, str]:
    from ibd_mobile.core.errors import PhoneError
    from ibd_mobile.machine import probe
    from ibd_mobile.machine.adb import AdbLink, AdbServer

    row = {"serial": serial, "state": state, "device": "", "phone": "", "note": ""}
    if state != "device":
        return row
    try:
        identity = probe.probe(AdbLink(AdbServer(port), serial), stock.devices, stock.phones)
    except PhoneError as error:
        return row | {"note": error.problem}
    note = "SIMULATED" if identity.is_simulated else ""
    return row | {"device": identity.device, "phone": identity.phone, "note": note}
