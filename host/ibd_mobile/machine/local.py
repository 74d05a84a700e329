"""This computer, reached as if it were a phone."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from ibd_mobile.core.errors import DataError, HostError, PayloadFailed, PayloadTimeout
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.seams import Completed
from ibd_mobile.core.units import BYTES_PER_MIB
from ibd_mobile.machine.link import is_inside

_NOT_FOUND, _NOT_STARTED = 127, 126  #: as a shell would say


class LocalLink:
    """This computer; implements `core.seams.Link` and `machine.link.RootLink`.

    Args:
        root: folder for everything that a phone would be brought; None = in the user's cache.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(platformdirs.user_cache_dir("ibd-mobile")) / "host"

    @property
    def name(self) -> str:
        """What errors call it."""
        return "host"

    @property
    def root(self) -> str:
        """Folder under which everything of ours lies."""
        return str(self._root)

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command and return when it has ended; see `core.seams.Link.run`.

        Where the time is up the command and its children are killed.
        """
        if not argv:
            raise ValueError("no command")
        done = self._run(argv, timeout_s)
        if check and done.code != 0:
            lines = done.output.strip().splitlines()
            raise PayloadFailed(
                f"host: {argv[0]}",
                f"ended with {done.code}: {lines[-1] if lines else 'without a word'}",
                code=done.code,
            )
        return done

    def push(self, source: Path, target: str, *, sha256: str) -> int:
        """Copy a file, unless one with that hash is there; see `core.seams.Link.push`.

        Raises:
            HostError: no space, no right, or the copy differs.
        """
        place = Path(target)
        if not is_inside(self.root, target):
            raise HostError(target, f"lies outside {self.root}; nothing was copied")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_file() and not place.is_symlink() and sha256_of(place) == sha256:
                return 0
            for stale in place.parent.glob(f"{place.name}.part-*"):
                stale.unlink()
            return _copy(source, place, sha256)
        except OSError as error:
            raise HostError(target, f"cannot be written: {error.strerror or error}") from None

    def pull(self, source: str, target: Path, *, limit_bytes: int) -> int:
        """Copy a file from under `root`; see `core.seams.Link.pull`."""
        place = Path(source)
        if not is_inside(self.root, source):
            raise DataError(source, f"lies outside {self.root}; nothing was copied")
        if not place.exists() and not place.is_symlink():
            raise DataError(source, "is not there")
        if place.resolve() != self._root.resolve() / place.relative_to(self._root):
            raise DataError(source, "is a link, or lies outside; it was not copied")
        if not place.is_file():
            raise DataError(source, "is no plain file; it was not copied")
        size = place.stat().st_size
        if size > limit_bytes:
            raise DataError(
                source,
                f"has {size / BYTES_PER_MIB:.1f} MiB, more than the"
                f" {limit_bytes / BYTES_PER_MIB:.1f} MiB that are awaited",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        try:
            shutil.copyfile(place, name)
            Path(name).chmod(0o644)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
        return size

    def remove(self, path: str) -> None:
        """Delete a file or a folder with all that is in it; one that is not there is no error.

        Raises:
            HostError: it lies outside `root`, or cannot be deleted.
        """
        place = Path(path)
        if not is_inside(self.root, path):
            raise HostError(path, f"lies outside {self.root}; nothing was deleted")
        try:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise HostError(path, f"cannot be deleted: {error.strerror or error}") from None

    def is_root_available(self) -> bool:
        """Tell whether this process is root; nobody is asked for a password."""
        return os.geteuid() == 0

    def run_root(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command as root; otherwise as `run`.

        Raises:
            HostError: this process is not root.
        """
        if not self.is_root_available():
            raise HostError("this computer", "gives no root", "Run ibd-mobile as root for this.")
        return self.run(argv, timeout_s=timeout_s, check=check)

    def _run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError:
            return Completed(output=f"{argv[0]}: not found\n", code=_NOT_FOUND)
        except OSError as error:
            return Completed(output=f"{argv[0]}: {error.strerror}\n", code=_NOT_STARTED)
        with process:
            try:
                output, _ = process.communicate(timeout=timeout_s)
            except BaseException as error:  # out of time, or interrupted by a person
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise PayloadTimeout(
                    f"host: {argv[0]}",
                    f"did not end within {timeout_s:g} s",
                    "Give it more time, or look at what it is doing.",
                ) from None
        code = process.returncode
        return Completed(
            output=output.decode("utf-8", errors="replace"), code=code if code >= 0 else 128 - code
        )


def _copy(source: Path, place: Path, sha256: str) -> int:
    part = place.with_name(f"{place.name}.part-{secrets.token_hex(6)}")
    try:
        shutil.copyfile(source, part)
        if sha256_of(part) != sha256:
            raise HostError(str(source), f"has not the hash {sha256[:12]}… that was named")
        part.chmod(0o755)
        size = part.stat().st_size
        part.replace(place)
        return size
    finally:
        part.unlink(missing_ok=True)
