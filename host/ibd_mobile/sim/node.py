"""The phone's live files: sysfs and procfs nodes that the world renews in place."""

import os


class Nodes:
    """Writes texts to files that are read at any moment, by descriptors that stay open.

    Args:
        descriptors: path in the phone -> open descriptor.
    """

    def __init__(self, descriptors: dict[str, int]) -> None:
        self._descriptors = descriptors
        self._shown: dict[str, bytes] = {}

    def show(self, path: str, text: str) -> None:
        """Let the file say `text` and a newline; nothing is written if it already does."""
        data = text.encode() + b"\n"
        old = self._shown.get(path)
        if data == old:
            return
        descriptor = self._descriptors[path]
        old_size = len(old) if old is not None else os.fstat(descriptor).st_size
        # A reader in between sees empty lines after the new value, never a mix or nothing.
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
