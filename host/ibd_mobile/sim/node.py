"""The phone's live files: sysfs and procfs nodes that the world renews in place."""

import os
import time

_READERS_MOMENT_S = 0.001  # between two reads of one reader


class Nodes:
    """Writes texts to files that are read at any moment, by descriptors that stay open.

    A reader such as `cat` reads twice, the second time to find the end. If a text grew between,
    it would take the tail of the new one for more of the old one. So a text first gets blanks up
    to the length of its successor, and the successor comes with `flush`, when that reader is done.

    Args:
        descriptors: path in the phone -> open descriptor.
    """

    def __init__(self, descriptors: dict[str, int]) -> None:
        self._descriptors = descriptors
        self._shown: dict[str, bytes] = {}
        self._growing: dict[str, bytes] = {}

    def show(self, path: str, text: str) -> None:
        """Let the file say `text` and a newline, at once or, where it grows, from `flush` on."""
        data = text.encode() + b"\n"
        self._growing.pop(path, None)
        old = self._shown.get(path)
        if data == old:
            return
        if old is None:
            old = b"\n".rjust(os.fstat(self._descriptors[path]).st_size)
        if len(data) > len(old):
            self._write(path, old[:-1].ljust(len(data) - 1) + b"\n", len(old))
            self._growing[path] = data
        else:
            self._write(path, data, len(old))

    def flush(self) -> None:
        """Bring all texts that wait, a moment after the last of them was announced."""
        if not self._growing:
            return
        time.sleep(_READERS_MOMENT_S)
        for path, data in self._growing.items():
            self._write(path, data, len(data))
        self._growing.clear()

    def _write(self, path: str, data: bytes, old_size: int) -> None:
        descriptor = self._descriptors[path]
        # Where it shrinks, a reader in between sees empty lines after it, never a mix or nothing.
        os.pwrite(descriptor, data.ljust(old_size, b"\n"), 0)
        if len(data) < old_size:
            os.ftruncate(descriptor, len(data))
        self._shown[path] = data

    def read(self, path: str) -> str:
        """Return what somebody in the phone wrote there."""
        return os.pread(self._descriptors[path], 256, 0).decode(errors="replace").strip()

    def set_readable(self, path: str, *, is_readable: bool) -> None:
        """Open a file to everybody in the phone, or close it to all but root."""
        os.fchmod(self._descriptors[path], 0o444 if is_readable else 0o000)

    def __contains__(self, path: str) -> bool:
        return path in self._descriptors
