"""The adb server of this computer: which phones it sees, and how to reach it."""

import contextlib
import os
import subprocess
import tempfile

from ibd_mobile.core.errors import HostError, InputError, PhoneError, PhoneGone, PhoneUnauthorized
from ibd_mobile.machine.device_list import AdbDevice, parse_devices
from ibd_mobile.machine.wire import Refusal, Wire

_HOST = "127.0.0.1"
_USUAL_PORT = 5037
_ASK_S = 10.0
_START_S = 20.0
_CONNECT_S = 15.0  #: the server itself gives up a silent peer after 10 s


class AdbServer:
    """The adb server of this computer, started when it is first needed and not yet running.

    It is left running: others may be using it by then, and a server we did not start is
    not ours to end.

    Args:
        port: 0 = the usual one, from ANDROID_ADB_SERVER_PORT or 5037.
        host: where it runs; only one on this computer can be started.
        adb_path: the program to start it with; "" = find one.
    """

    def __init__(self, port: int = 0, host: str = _HOST, *, adb_path: str = "") -> None:
        self.port = port or usual_port()
        self.host = host
        self._adb_path = adb_path
        self._was_seen = False
        self._is_ours = False

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"adb server on {self.host}:{self.port}"

    def devices(self) -> list[AdbDevice]:
        """List what is connected, in whatever state.

        Raises:
            HostError: no server, and none can be started.
        """
        return parse_devices(self.ask("host:devices-l"))

    def connect(self, address: str) -> None:
        """Let the server reach a phone over the network.

        Args:
            address: host:port.

        Raises:
            PhoneGone: it does not answer there.
            PhoneUnauthorized: it does, but has not accepted this computer's key.
            HostError: no adb server.
        """
        try:
            # `adb connect` reports success whatever came of it: only the words tell
            answer = self.ask(f"host:connect:{address}", timeout_s=_CONNECT_S)
        except PhoneError as error:
            answer = error.problem
        if answer.startswith("failed to authenticate"):
            raise unauthorized(address)
        if not answer.startswith(("connected to ", "already connected to ")):
            raise PhoneGone(
                address,
                f"cannot be connected to: {' '.join(answer.split())}",
                "Check address and network, and that the phone listens (`adb tcpip 5555`).",
            )

    def disconnect(self, address: str) -> None:
        """Make the server forget a phone on the network, if it knows it.

        Raises:
            HostError: no adb server.
        """
        try:
            self.ask(f"host:disconnect:{address}")
        except PhoneError:
            return  # it was not connected, which is what is wanted

    def ask(self, service: str, *, timeout_s: float = _ASK_S) -> str:
        """Ask the server something that it answers in one text.

        Raises:
            PhoneError: the server says no; the problem is its own words.
            HostError: no server, and none can be started.
        """
        if not self._was_seen:
            self.start()
        try:
            return self._asked(service, timeout_s)
        except Refusal as refusal:
            raise PhoneError(self.name, str(refusal)) from None
        except OSError as error:
            raise HostError(
                self.name, f"does not answer ({error})", "Try `adb kill-server`, then again."
            ) from None

    def open(self, timeout_s: float) -> Wire:
        """Open a connection for a service of a phone.

        Raises:
            OSError: the server is gone; it was there before.
            HostError: no server was there at all, and none can be started.
        """
        if not self._was_seen:
            self.start()
        return Wire((self.host, self.port), timeout_s)

    def start(self) -> None:
        """Start the server if nobody answers at its port.

        Raises:
            HostError: no adb program, or something else than adb answers there.
        """
        try:
            self._asked("host:version", _ASK_S)
        except ConnectionRefusedError:
            self._launch()
        except (OSError, Refusal) as error:
            raise HostError(
                self.name,
                f"what listens there does not speak as an adb server ({error})",
                "Set ANDROID_ADB_SERVER_PORT to another port, or end that program.",
            ) from None
        self._was_seen = True

    def stop(self) -> None:
        """End the server, if this object started it; else leave it alone."""
        if self._is_ours:
            self._is_ours = self._was_seen = False
            with contextlib.suppress(OSError, Refusal):
                self._asked("host:kill", _ASK_S)

    def _asked(self, service: str, timeout_s: float) -> str:
        with Wire((self.host, self.port), timeout_s) as wire:
            wire.ask(service)
            return wire.block()

    def _launch(self) -> None:
        if self.host not in (_HOST, "localhost"):
            raise HostError(
                self.name, "does not answer", "Start it there: `adb -a nodaemon server`."
            )
        adb = self._adb_path or find_adb()
        # libusb of newer adbs crashes where one of many phones restarts
        environment = {"ADB_LIBUSB": "0"} | os.environ
        with tempfile.TemporaryFile() as said:  # the server keeps a pipe open for ever
            try:
                subprocess.run(
                    [adb, "-P", str(self.port), "start-server"],
                    stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                    timeout=_START_S, check=True, env=environment,
                )  # fmt: skip
                self._is_ours = True
                self._asked("host:version", _ASK_S)
            except (OSError, subprocess.SubprocessError) as error:
                said.seek(0)
                words = said.read().decode("utf-8", errors="replace").strip() or f"{error}"
                raise HostError(
                    self.name,
                    f"cannot be started with {adb}: {words.splitlines()[-1]}",
                    f"Run `{adb} -P {self.port} start-server` to see why.",
                ) from None


def usual_port() -> int:
    """Return the port that adb itself would use.

    Raises:
        InputError: ANDROID_ADB_SERVER_PORT is no port number.
    """
    text = os.environ.get("ANDROID_ADB_SERVER_PORT", "") or str(_USUAL_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 16:
        raise InputError(
            "ANDROID_ADB_SERVER_PORT", f"is '{text}', which is no port", "Unset it, or use 5037."
        )
    return int(text)


def unauthorized(serial: str) -> PhoneUnauthorized:
    """Make the error for a phone that does not trust this computer."""
    return PhoneUnauthorized(
        serial,
        "has not accepted this computer's adb key",
        "Unlock the phone and accept «Allow USB debugging», with «Always» ticked.",
    )


def find_adb() -> str:
    """Find an adb program: the one on PATH, else the one that the adbutils wheel brings.

    Raises:
        HostError: there is none.
    """
    import adbutils
    from adbutils.errors import AdbError

    try:
        return str(adbutils.adb_path())
    except AdbError as error:
        raise HostError(
            "adb", f"is not on this computer ({error})", "Install it: `apt install adb`."
        ) from None
