"""The way to turn a running phone's knobs: JSON lines over a socket that only its owner can use."""

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

from ibd_mobile.core.errors import DataError, IbdError, InputError
from ibd_mobile.sim import fault
from ibd_mobile.sim.handset import Handset
from ibd_mobile.sim.order import SOCKET_FILE

_REPLY_TIMEOUT_S = 60.0


class Control:
    """The phone's end."""

    def __init__(self, handset: Handset, stop: asyncio.Event) -> None:
        self._handset = handset
        self._stop = stop

    async def listen(self, folder: Path) -> asyncio.Server:
        """Start to take requests at the socket in `folder`."""
        listener = socket.socket(socket.AF_UNIX)
        previous = os.umask(0o177)
        try:
            with _short_path(folder) as path:
                listener.bind(path)
        finally:
            os.umask(previous)
        return await asyncio.start_unix_server(self._serve, sock=listener)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            asyncio.CancelledError, ConnectionError
        ):  # the phone ends, or they
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"done": await self._obey(json.loads(line))}
        except IbdError as error:
            return {"refused": [error.subject, error.problem, error.remedy]}

    async def _obey(self, request: dict[str, Any]) -> Any:
        match request["op"]:
            case "fault":
                await self._handset.set_fault(fault.read(request["name"], request["arguments"]))
            case "clear":
                await self._handset.clear_faults()
            case "set":
                self._handset.set_knobs(request["knobs"])
            case "state":
                return self._handset.world.state()
            case "stop":
                self._stop.set()
            case other:
                raise InputError(f"request '{other}'", "is not known")
        return None


class _short_path:  # noqa: N801  used like a function
    """A way to a socket file that is never too long for the kernel."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._descriptor}/{SOCKET_FILE}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def ask(folder: Path, request: dict[str, Any]) -> Any:
    """Send one request to the phone whose run folder this is, and return its answer.

    Raises:
        IbdError: it is not there, or refuses.
    """
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_REPLY_TIMEOUT_S)
        try:
            with _short_path(folder) as path:
                link.connect(path)
            link.sendall(json.dumps(request).encode() + b"\n")
            line = link.makefile("rb").readline()
        except OSError as error:
            raise DataError(
                f"simulated phone {folder.name}", f"does not answer ({error})"
            ) from None
    if not line:
        raise DataError(f"simulated phone {folder.name}", "ended without an answer")
    reply = json.loads(line)
    if "refused" in reply:
        raise InputError(*reply["refused"])
    return reply["done"]
