"""Files to and from a phone: whole under their final name and verified by hash, or not there."""

import hashlib
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, Protocol

from ibd_mobile.core.errors import DataError, PhoneError, PhoneGone
from ibd_mobile.core.seams import Link
from ibd_mobile.core.units import BYTES_PER_MIB
from ibd_mobile.machine.wire import Refusal, Wire, sync_receive, sync_send

_MODE = 0o755
#: slower than any USB 2 port; hashing on an old phone's small core keeps up with it
_SLOWEST_BYTES_PER_S = 1 << 20
_LEAST_S = 60.0
#: what a file system needs beside the content, and what a phone needs to stay healthy
_SPARE_BYTES = 1 << 20

# Android 7 to 9 have the applet but not always the link to it
_HASH = 'h(){ sha256sum "$1" 2>/dev/null || toybox sha256sum "$1"; }\n'
_LOOK = (
    _HASH
    + """\
mkdir -p "${1%/*}" || exit 1
rm -f "$1".part-*
if [ -f "$1" ] && [ ! -L "$1" ];then h "$1";else echo none;fi
df -k "${1%/*}"
"""
)
_SETTLE = (
    _HASH
    + """\
s=$(h "$1");s=${s%% *}
[ "$s" = "$3" ] || { rm -f "$1";echo "$s";exit 3;}
chmod 755 "$1" && mv -f "$1" "$2"
"""
)
_DESCRIBE = (
    _HASH
    + """\
[ -e "$2" ] || [ -L "$2" ] || exit 3
[ "$(readlink -f "$2")" = "$(readlink -f "$1")${2#"$1"}" ] && [ -f "$2" ] || exit 4
stat -c %s "$2" && h "$2"
"""
)
_DIFFERS, _MISSING, _STRANGE = 3, 3, 4


class SyncLink(Link, Protocol):
    """A link whose phone has the sync service."""

    def open(self, service: str, timeout_s: float) -> Wire:
        """Open a service of the phone's daemon."""


def push(link: SyncLink, source: Path, target: str, sha256: str) -> int:
    """Bring a file under another name, verify it, then give it its own.

    Raises:
        PhoneGone: the phone left; no file has the final name.
        PhoneError: no space, or the hash on the phone differs.
    """
    size = source.stat().st_size
    subject = f"{link.name}: {target}"
    seen = link.run(["sh", "-c", _LOOK, "sh", target], timeout_s=_time_s(size), check=False)
    lines = seen.output.splitlines()
    if seen.code != 0 or not lines:
        raise PhoneError(subject, f"no place to push to: {' '.join(lines[-1:])}")
    if lines[0].startswith(sha256):
        return 0
    free = free_bytes(seen.output)
    if free is not None and size + _SPARE_BYTES > free:
        raise _no_space(subject, size, free)
    part = f"{target}.part-{secrets.token_hex(6)}"
    sent = _send(link, source, part, subject, size)
    words = ["sh", "-c", _SETTLE, "sh", part, target, sha256]
    done = link.run(words, timeout_s=_time_s(size), check=False)
    if done.code == _DIFFERS:
        raise PhoneError(
            subject,
            f"arrived damaged: its hash there is {done.output.strip()[:12] or 'none'}…,"
            f" not {sha256[:12]}…",
            "Try again; if it happens again, change cable, port or phone.",
        )
    if done.code != 0:
        raise PhoneError(subject, f"cannot be put in place: {done.output.strip()}")
    return sent


def pull(link: SyncLink, source: str, target: Path, limit_bytes: int) -> int:
    """Fetch a file under another name, verify it, then give it its own.

    Raises:
        PhoneGone: the phone left; no file has the final name.
        DataError: missing, no plain file in the root, too large, or damaged on the way.
    """
    size, sha256 = _describe(link, source, limit_bytes)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            came = _receive(link, source, size, file)
            file.flush()
            os.fsync(file.fileno())
        if came != sha256:
            raise DataError(f"{link.name}: {source}", "changed, or was damaged, on the way")
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return size


def free_bytes(answer: str) -> int | None:
    """Read what `df -k` says of one folder, from its last line; None if it says nothing.

    Since Android 7 (toybox): `Filesystem 1K-blocks Used Available Use% Mounted on`; before:
    `Filesystem Size Used Free Blksize`, with a suffix to each size.

    >>> free_bytes("/dev/block/dm-43 24000000 23000000 1000000 96% /data")
    1024000000
    >>> free_bytes("/data 25.0G 13.0G 12.0G 4096")
    12884901888
    """
    fields = (answer.strip().splitlines() or [""])[-1].split()
    try:
        if fields[-2].endswith("%"):
            return int(fields[-3]) * 1024
        return int(float(fields[-2][:-1]) * _SUFFIXES[fields[-2][-1]])
    except (IndexError, ValueError, KeyError):
        return None


_SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def _describe(link: SyncLink, source: str, limit_bytes: int) -> tuple[int, str]:
    subject = f"{link.name}: {source}"
    words = ["sh", "-c", _DESCRIBE, "sh", link.root, source]
    done = link.run(words, timeout_s=_time_s(limit_bytes), check=False)
    if done.code == _MISSING:
        raise DataError(subject, "is not there")
    if done.code == _STRANGE:
        raise DataError(subject, "is a link, a folder or lies outside; it was not pulled")
    try:
        size_text, hash_line = done.output.splitlines()
        size, sha256 = int(size_text), hash_line.split()[0]
    except (ValueError, IndexError):
        raise DataError(subject, f"cannot be read: {done.output.strip()}") from None
    if size > limit_bytes:
        raise DataError(
            subject, f"has {_mib(size)}, more than the {_mib(limit_bytes)} that are awaited"
        )
    return size, sha256


def _send(link: SyncLink, source: Path, part: str, subject: str, size: int) -> int:
    try:
        with source.open("rb") as file, link.open("sync:", _time_s(size)) as wire:
            return sync_send(wire, file, part, _MODE, int(time.time()))
    except (ConnectionError, TimeoutError) as error:
        raise _left(subject, error) from None
    except Refusal as refusal:
        words = str(refusal)
    look = ["sh", "-c", 'rm -f "$1";df -k "${1%/*}"', "sh", part]
    free = free_bytes(link.run(look, timeout_s=_LEAST_S, check=False).output)
    if "no space" in words.lower() and free is not None:
        raise _no_space(subject, size, free)
    raise PhoneError(subject, f"the phone refused it: {words}")


def _receive(link: SyncLink, source: str, size: int, file: BinaryIO) -> str:
    """Write the content into an open file and return its hash."""
    subject = f"{link.name}: {source}"
    digest, got = hashlib.sha256(), 0
    try:
        with link.open("sync:", _time_s(size)) as wire:
            for part in sync_receive(wire, source):
                got += len(part)
                if got > size:
                    raise DataError(subject, f"grew beyond {_mib(size)} while it was pulled")
                digest.update(part)
                file.write(part)
    except (ConnectionError, TimeoutError) as error:
        raise _left(subject, error) from None
    except Refusal as refusal:
        raise DataError(subject, f"the phone refused it: {refusal}") from None
    return digest.hexdigest()


def _time_s(size: int) -> float:
    return _LEAST_S + size / _SLOWEST_BYTES_PER_S


def _left(subject: str, error: OSError) -> PhoneGone:
    return PhoneGone(
        subject,
        f"the phone left during the transfer ({error})",
        "Check cable, hub and battery; a retry may find it again.",
    )


def _no_space(subject: str, size: int, free: int) -> PhoneError:
    return PhoneError(
        subject, f"needs {_mib(size)}, {_mib(free)} free", "Delete something on the phone."
    )


def _mib(count: int) -> str:
    return f"{count / BYTES_PER_MIB:.1f} MiB"
