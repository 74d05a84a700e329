"""The sync service: files to and from the phone.

Runs inside the phone, as the phone's user and with nothing else of this computer in sight, so no
path and no symbolic link can lead out of it.
"""

# ruff: noqa: PTH103, PTH108, PTH114, PTH120, PTH208, PTH211
# Reason: names here are the phone's, bytes and all

import os
import socket
import stat
import struct
from collections.abc import Callable

_DATA_BYTES = 64 * 1024
_BATCH_BYTES = 15 * _DATA_BYTES  # with its headers just below the 1 MiB of a packet
_PATH_BYTES = 1024
_STAT2 = struct.Struct("<4sIQQIIIIQqqq")
_DENT2 = struct.Struct("<4sIQQIIIIQqqqI")
_FIELDS2_BYTES = _STAT2.size - 4


class _Ended(Exception):
    """The host is done, or gone."""


class _Session:
    """Requests of one host, one after the other."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._buffer = bytearray()
        self._mtime_s = 0

    def take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._link.recv(1 << 20)
            if not data:
                raise _Ended
            self._buffer += data
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def answer(self, data: bytes) -> None:
        self._link.sendall(data)

    def fail(self, error: OSError | str) -> None:
        text = error if isinstance(error, str) else error.strerror or "failed"
        data = text.encode()
        self.answer(struct.pack("<4sI", b"FAIL", len(data)) + data)

    def serve(self) -> None:
        while True:
            kind, size = struct.unpack("<4sI", self.take(8))
            if kind == b"QUIT":
                return
            if size > _PATH_BYTES:
                self.fail("path too long")
                return
            path = self.take(size).decode(errors="surrogateescape")
            handler = _HANDLERS.get(kind)
            if handler is None:
                self.fail(f"unknown command {kind.decode(errors='replace')}")
                return
            handler(self, path)

    def stat1(self, path: str) -> None:
        try:
            found = os.lstat(path)
            fields = (found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF)
        except OSError:
            fields = (0, 0, 0)
        self.answer(struct.pack("<4s3I", b"STAT", *fields))

    def stat2(self, path: str) -> None:
        self._stat2(b"STA2", path, os.stat)

    def lstat2(self, path: str) -> None:
        self._stat2(b"LST2", path, os.lstat)

    def _stat2(self, kind: bytes, path: str, look: Callable[[str], os.stat_result]) -> None:
        try:
            self.answer(_STAT2.pack(kind, 0, *_fields2(look(path))))
        except OSError as error:
            self.answer(struct.pack("<4sI", kind, error.errno or 5) + bytes(_FIELDS2_BYTES - 4))

    def list1(self, path: str) -> None:
        for entry, found in _entries(path):
            name = os.fsencode(entry)
            self.answer(
                struct.pack(
                    "<4s4I",
                    b"DENT",
                    found.st_mode,
                    found.st_size & 0xFFFFFFFF,
                    int(found.st_mtime) & 0xFFFFFFFF,
                    len(name),
                )
                + name
            )
        self.answer(b"DONE" + bytes(16))

    def list2(self, path: str) -> None:
        for entry, found in _entries(path):
            name = os.fsencode(entry)
            self.answer(_DENT2.pack(b"DNT2", 0, *_fields2(found), len(name)) + name)
        self.answer(b"DONE" + bytes(_DENT2.size - 4))

    def send(self, order: str) -> None:
        """Take a file (or the target of a link) from the host."""
        path, _, mode_text = order.rpartition(",")
        try:
            mode = int(mode_text)
        except ValueError:
            self.fail("missing or bad mode")
            raise _Ended from None
        problem: OSError | None = None
        try:
            if stat.S_ISLNK(mode):
                self._receive_link(path)
            else:
                self._receive_file(path, mode)
        except OSError as error:
            problem = error
            self._skip()
        if problem is None:
            self.answer(struct.pack("<4sI", b"OKAY", 0))
        else:
            self.fail(problem)

    def _skip(self) -> None:
        while self._part() is not None:
            pass

    def _part(self) -> bytes | None:
        """Return the next piece of a file, or None once its end was taken."""
        kind, size = struct.unpack("<4sI", self.take(8))
        if kind == b"DONE":
            self._mtime_s = size
            return None
        if kind != b"DATA" or size > _DATA_BYTES:
            self.fail("invalid data message")
            raise _Ended
        return self.take(size)

    def _receive_file(self, path: str, mode: int) -> None:
        # The user's bits count for group and others too: a host's umask must not reach the phone.
        bits = mode & 0o777
        bits |= bits >> 3 & 0o070
        bits |= bits >> 3 & 0o007
        os.makedirs(os.path.dirname(path) or "/", 0o775, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        if os.path.islink(path):
            os.unlink(path)
        descriptor = os.open(path, flags, bits)
        try:
            while (part := self._part()) is not None:
                view = memoryview(part)
                while view:
                    view = view[os.write(descriptor, view) :]
            os.fchmod(descriptor, bits)
            os.utime(descriptor, (self._mtime_s, self._mtime_s))
        except (OSError, _Ended):
            os.unlink(path)  # a file that did not arrive whole must not look as if it had
            raise
        finally:
            os.close(descriptor)

    def _receive_link(self, path: str) -> None:
        target = b""
        while (part := self._part()) is not None:
            target += part
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target.rstrip(b"\0"), os.fsencode(path))

    def receive(self, path: str) -> None:
        """Give a file to the host."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.fail(error)
            return
        try:
            while parts := os.read(descriptor, _BATCH_BYTES):
                pieces = []
                for start in range(0, len(parts), _DATA_BYTES):
                    part = parts[start : start + _DATA_BYTES]
                    pieces += [struct.pack("<4sI", b"DATA", len(part)), part]
                self.answer(b"".join(pieces))
        except OSError as error:
            self.fail(error)
            return
        finally:
            os.close(descriptor)
        self.answer(struct.pack("<4sI", b"DONE", 0))


def _entries(path: str) -> list[tuple[str, os.stat_result]]:
    """List a folder, the entries `.` and `..` among them, as adbd does; unreadable means empty."""
    try:
        names = [".", "..", *sorted(os.listdir(path))]
    except OSError:
        return []
    found = []
    for name in names:
        try:
            found.append((name, os.lstat(f"{path}/{name}")))
        except OSError:
            continue
    return found


def _fields2(found: os.stat_result) -> tuple[int, ...]:
    return (
        found.st_dev,
        found.st_ino,
        found.st_mode,
        found.st_nlink,
        found.st_uid,
        found.st_gid,
        found.st_size,
        int(found.st_atime),
        int(found.st_mtime),
        int(found.st_ctime),
    )


_HANDLERS: dict[bytes, Callable[[_Session, str], None]] = {
    b"STAT": _Session.stat1,
    b"STA2": _Session.stat2,
    b"LST2": _Session.lstat2,
    b"LIST": _Session.list1,
    b"LIS2": _Session.list2,
    b"SEND": _Session.send,
    b"RECV": _Session.receive,
}


def serve(link: socket.socket) -> None:
    """Answer sync requests on a connected socket until the host says QUIT or goes away."""
    try:
        _Session(link).serve()
    except (_Ended, ConnectionError):
        return
