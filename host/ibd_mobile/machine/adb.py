"""Phones behind an adb server: the only file that quotes for a shell."""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ibd_mobile.core.errors import (
    DataError,
    HostError,
    PayloadFailed,
    PayloadTimeout,
    PhoneError,
    PhoneGone,
)
from ibd_mobile.core.seams import Completed
from ibd_mobile.machine import marker, transfer
from ibd_mobile.machine.device_list import AdbDevice
from ibd_mobile.machine.link import is_inside
from ibd_mobile.machine.server import AdbServer, find_adb, unauthorized
from ibd_mobile.machine.wire import Refusal, Wire, shell_output

ROOT = "/data/local/tmp/ibd-mobile"
_PING_S = 5.0
_OPEN_S = 10.0
_DIAL_S = 3.0
_DIAL_PAUSE_S = 0.5
_ROOT_S = 15.0  #: a root manager may ask its owner first
#: a request to the server has four hexadecimal digits for its length
_LIMIT_BYTES = 60_000
#: adbd itself as root; the root managers of retail phones; the su of userdebug builds
_ROOT_WORDS = [["sh", "-c"], ["su", "-c"], ["su", "0", "sh", "-c"]]


def quote(argv: Sequence[str]) -> str:
    r"""Quote words for a POSIX shell; each is taken as it is, even `if`, `A=b` and `~`.

    Raises:
        ValueError: no words, or a NUL byte, which no argument can hold.

    >>> print(quote(["echo", "it's"]))
    'echo' 'it'\''s'
    """
    if not argv or any("\0" in word for word in argv):
        raise ValueError(f"not a command: {argv!r}")
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in argv)


class AdbLink:
    """A way to one phone; implements `core.seams.Link` and `machine.link.RootLink`.

    Args:
        server: the adb server that sees it.
        serial: as `adb devices` lists it.
        root: folder on the phone for everything of ours.
    """

    def __init__(self, server: AdbServer, serial: str, *, root: str = ROOT) -> None:
        self._server = server
        self._serial = serial
        self._root = root
        self._has_packets: bool | None = None
        self._was_seen = False
        self._root_words: list[str] | None = None

    @property
    def name(self) -> str:
        """The serial."""
        return self._serial

    @property
    def root(self) -> str:
        """Folder on the phone under which everything of ours lies."""
        return self._root

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command and return when it has ended; see `core.seams.Link.run`.

        Its standard input is empty, and its two outputs come as one. Where the time is up the
        command may go on: what must not outlive it has to end itself.
        """
        try:
            done = self._exchange(argv, timeout_s)
        except TimeoutError:
            if not self._answers():
                raise self._gone(f"fell silent during '{argv[0]}'") from None
            raise PayloadTimeout(
                f"{self._serial}: {argv[0]}",
                f"did not end within {timeout_s:g} s",
                "The phone still answers: give it more time, or look at what it is doing.",
            ) from None
        if check and done.code != 0:
            raise PayloadFailed(
                f"{self._serial}: {argv[0]}",
                f"ended with {done.code}: {_last_line(done.output) or 'without a word'}",
                code=done.code,
            )
        return done

    def push(self, source: Path, target: str, *, sha256: str) -> int:
        """Bring a file, unless one with that hash is there; see `core.seams.Link.push`."""
        if not is_inside(self._root, target):
            raise PhoneError(target, f"lies outside {self._root}; nothing was pushed")
        return transfer.push(self, source, target, sha256)

    def pull(self, source: str, target: Path, *, limit_bytes: int) -> int:
        """Fetch a file, byte for byte; see `core.seams.Link.pull`."""
        if not is_inside(self._root, source):
            raise DataError(source, f"lies outside {self._root}; nothing was pulled")
        return transfer.pull(self, source, target, limit_bytes)

    def remove(self, path: str) -> None:
        """Delete a file or a folder with all that is in it; one that is not there is no error.

        Raises:
            PhoneError: it lies outside `root`, or cannot be deleted.
            PhoneGone: the phone left.
        """
        if not is_inside(self._root, path):
            raise PhoneError(path, f"lies outside {self._root}; nothing was deleted")
        done = self.run(["rm", "-rf", "--", path], timeout_s=60, check=False)
        if done.code != 0:
            raise PhoneError(f"{self._serial}: {path}", _last_line(done.output))

    def is_root_available(self) -> bool:
        """Tell whether `run_root` can work; asks the phone once and remembers.

        Raises:
            PhoneGone: the phone left.
        """
        return bool(self._find_root())

    def run_root(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command as root; otherwise as `run`.

        Raises:
            PhoneError: the phone gives no root.
        """
        words = self._find_root()
        if not words:
            raise PhoneError(self._serial, "gives no root", "Use a rooted phone for this.")
        return self.run([*words, quote(argv)], timeout_s=timeout_s, check=check)

    def wait(self, timeout_s: float) -> None:
        """Return as soon as the phone is there and fit for work.

        Raises:
            PhoneGone: it is not within the time.
            PhoneUnauthorized: it is, but has not accepted this computer's key.
        """
        try:
            with self._server.open(timeout_s) as wire:
                wire.ask(f"host-serial:{self._serial}:wait-for-any-device")
                wire.confirm()
        except Refusal as refusal:
            raise self._refused(str(refusal)) from None
        except OSError:
            raise self._refused(f"device {self._state()}") from None

    def reconnect(self, timeout_s: float) -> None:
        """Reach the phone again after it left; one on the network is dialled anew.

        Raises:
            PhoneGone: it does not come back within the time.
            PhoneUnauthorized: it is back, but has not accepted this computer's key.
            HostError: there is no adb server any more, and none can be started.
        """
        self._server.start()
        self._has_packets = self._root_words = None
        if ":" not in self._serial:
            self.wait(timeout_s)
            return
        deadline_s = time.monotonic() + timeout_s
        while True:
            try:
                self._server.disconnect(self._serial)
                self._server.connect(self._serial)
                # the old connection, when it ends late, can take the new one with it
                self.wait(min(_DIAL_S, max(deadline_s - time.monotonic(), 0.1)))
                return
            except PhoneGone:
                if time.monotonic() + _DIAL_PAUSE_S > deadline_s:
                    raise
                time.sleep(_DIAL_PAUSE_S)

    def open(self, service: str, timeout_s: float) -> Wire:
        """Open a service of the phone's daemon, such as "sync:"; for `machine/transfer.py`.

        Raises:
            PhoneGone, PhoneUnauthorized, PhoneError: it cannot be had, by what adb says.
            HostError: this user may not open its USB port, or there is no adb server.
        """
        try:
            wire = self._server.open(timeout_s)
        except OSError as error:
            raise self._gone(f"cannot be reached: the adb server is gone ({error})") from None
        try:
            wire.ask(f"host:transport:{self._serial}")
            wire.ask(service)
        except Refusal as refusal:
            wire.close()
            raise self._refused(str(refusal)) from None
        except OSError as error:
            wire.close()
            raise self._gone(f"did not open a '{service.partition(':')[0]}' ({error})") from None
        except BaseException:
            wire.close()
            raise
        return wire

    def with_adbutils(self, act: Callable[[Any], None]) -> None:
        """Hand this phone as an `adbutils.AdbDevice` to a library that is built on it.

        Raises:
            PhoneError: adbutils could not do what it was asked for.
            PhoneGone: the phone, or the adb server, left.
        """
        import adbutils
        from adbutils.errors import AdbError

        # where no server answers, adbutils would start one on the usual port
        self.run(["true"], timeout_s=_OPEN_S)
        client = adbutils.AdbClient(host=self._server.host, port=self._server.port)
        try:
            act(client.device(serial=self._serial))
        except (AdbError, AssertionError) as error:  # adbutils checks some answers by `assert`
            raise PhoneError(self._serial, f"refused what adbutils asked ({error})") from None
        except (OSError, EOFError) as error:
            raise self._gone(f"left while adbutils worked on it ({error})") from None

    def _exchange(self, argv: Sequence[str], timeout_s: float) -> Completed:
        """Raise TimeoutError where the time is up, whoever is to blame."""
        nonce = secrets.token_hex(8)
        command = marker.wrap(quote(argv), nonce)
        if len(command.encode()) > _LIMIT_BYTES:
            raise ValueError(f"a command of {len(command)} letters is too long for adb")
        has_packets = self._speaks_packets()
        service = "shell,v2,raw:" if has_packets else "shell:"
        answer = bytearray()
        with self.open(service + command, timeout_s) as wire:
            try:
                for part in shell_output(wire, has_packets=has_packets):
                    answer += part
                    done = marker.unwrap(answer, nonce)
                    if done is not None:  # the stream may stay open: something runs on behind
                        self._was_seen = True
                        return done
            except TimeoutError:
                raise
            except OSError as error:
                raise self._gone(f"left during '{argv[0]}' ({error})") from None
        raise self._gone(f"left during '{argv[0]}': the answer was cut off at {len(answer)} bytes")

    def _speaks_packets(self) -> bool:
        if self._has_packets is None:
            try:
                features = self._server.ask(f"host-serial:{self._serial}:features")
            except PhoneError as refusal:
                raise self._refused(refusal.problem) from None
            except HostError as error:
                if self._was_seen:
                    raise self._gone(f"cannot be reached: {error.problem}") from None
                raise
            self._has_packets = "shell_v2" in features.split(",")
        return self._has_packets

    def _answers(self) -> bool:
        try:
            return self._exchange(["echo"], _PING_S).code == 0
        except (TimeoutError, PhoneError):
            return False

    def _find_root(self) -> list[str]:
        """Return the words before a quoted command that make root run it; empty = none do."""
        if self._root_words is None:
            self._root_words = next(
                (words for words in _ROOT_WORDS if self._is_root_with(words)), []
            )
        return self._root_words

    def _is_root_with(self, words: list[str]) -> bool:
        try:
            done = self.run([*words, "id -u"], timeout_s=_ROOT_S, check=False)
        except PayloadTimeout:  # a question on the phone's screen that nobody answers
            return False
        return done.code == 0 and done.output.strip() == "0"

    def _state(self) -> str:
        try:
            return self._server.ask(f"host-serial:{self._serial}:get-state")
        except (PhoneError, HostError) as error:
            return error.problem

    def _gone(self, problem: str) -> PhoneGone:
        self._has_packets = self._root_words = None  # another phone may come back there
        return PhoneGone(
            self._serial, problem, "Check cable, hub and battery; a retry may find it again."
        )

    def _refused(self, words: str) -> PhoneError | HostError:
        """Make the error that adb's refusal means."""
        first = (words.strip().splitlines() or ["refused without a word"])[0]
        if "unauthorized" in words or "authorizing" in words:
            return unauthorized(self._serial)
        if "permissions" in words:
            return HostError(
                self._serial,
                f"may not be opened by this user: {first}",
                "Install udev rules (`apt install android-sdk-platform-tools-common`), replug it.",
            )
        if "not found" in words and not self._was_seen:
            listed = [f"{d.serial} ({d.state})" for d in self._server.devices()]
            return PhoneError(
                self._serial,
                f"is not connected; adb lists: {', '.join(listed) or 'no phone'}",
                "Check the serial and the cable; a phone on the network needs `adb connect`.",
            )
        return self._gone(first.removeprefix("error: "))


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""


__all__ = ["ROOT", "AdbDevice", "AdbLink", "AdbServer", "find_adb", "quote"]
