"""Where made files are kept: one folder per stage, named after everything it depends on."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import platformdirs

from ibd_mobile.convert.recipe import Stage
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.file import sha256_of, sync_folder, write_atomic
from ibd_mobile.core.model import Cost

STAGE = "artifact.json"
SAID = "said.npz"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stage and the folder that holds its files."""

    stage: Stage
    folder: Path

    @property
    def said(self) -> Path | None:
        """What the made network says to the samples: source_0 …, as a next step compares with."""
        path = self.folder / SAID
        return path if path.is_file() else None

    @property
    def files(self) -> dict[str, Path]:
        """Its files by role, the main one as "model"."""
        companions = {c.role: self.folder / c.file for c in self.stage.companions}
        if self.stage.format == "caffe2":  # two nets, neither of which is the network alone
            return {"init": self.folder / self.stage.file, **companions}
        return {"model": self.folder / self.stage.file, **companions}


class Shelf:
    """Made files by the key of their stage; safe between processes.

    Args:
        root: folder; None = in the user's cache.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(platformdirs.user_cache_dir("ibd-mobile")) / "converted"

    def find(self, key: str) -> Kept | None:
        """Return a stage whose files are all there and whole; a damaged one is taken away."""
        folder = self._root / key
        kept = _read(folder)
        if kept is None:
            return None
        if kept.stage.key == key and _is_whole(kept):
            return kept
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def stages(self) -> list[Kept]:
        """Return all stages, by key; their files are not read, only their sizes looked at."""
        folders = sorted(self._root.iterdir()) if self._root.is_dir() else []
        found = (_read(folder) for folder in folders if not folder.name.startswith("."))
        return [k for k in found if k is not None and _has_sizes(k)]

    @contextlib.contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """Hold the right to make a stage, and give an empty folder to do it in.

        Another process that wants the same stage waits here; it must look again with `find`.

        Raises:
            HostError: no space, no right.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with self._locked(key):
                folder = Path(tempfile.mkdtemp(dir=self._root, prefix=f".{key[:12]}-"))
                try:
                    yield folder
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:
            raise HostError(
                str(error.filename or self._root),
                f"cannot be written: {error.strerror or error}",
                "Free space, or see who may write there.",
            ) from error

    def publish(self, folder: Path, stage: Stage) -> Kept:
        """Give a finished folder its final name, all at once.

        Args:
            folder: from `making`; holds the stage's files, and what else is removed before.
            stage: what it holds.
        """
        keep = {SAID, stage.file, *(c.file for c in stage.companions)}
        for path in folder.iterdir():
            if path.name not in keep:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        write_atomic(folder / STAGE, _document(stage))
        place = self._root / stage.key
        shutil.rmtree(place, ignore_errors=True)
        folder.chmod(0o755)
        folder.rename(place)
        sync_folder(self._root)
        return Kept(stage, place)

    def amend(self, kept: Kept, cost: Cost) -> Kept:
        """Add to a stage what its network costs, which became known later."""
        stage = msgspec.structs.replace(kept.stage, cost=cost)
        write_atomic(kept.folder / STAGE, _document(stage))
        return Kept(stage, kept.folder)

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        handle = os.open(self._root / f".{key[:24]}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # the kernel lets go however the holder ends
            yield
        finally:
            os.close(handle)


def _document(stage: Stage) -> bytes:
    line = msgspec.json.encode(stage, order="deterministic")
    return msgspec.json.format(line, indent=1) + b"\n"


def _read(folder: Path) -> Kept | None:
    try:
        stage = msgspec.json.decode((folder / STAGE).read_bytes(), type=Stage)
    except (OSError, msgspec.DecodeError):
        return None  # half removed, or of another version of this program
    return Kept(stage, folder)


def _has_sizes(kept: Kept) -> bool:
    stage = kept.stage
    sizes = {stage.file: stage.size_bytes} | {c.file: c.size_bytes for c in stage.companions}
    return all(
        (kept.folder / name).is_file() and (kept.folder / name).stat().st_size == size
        for name, size in sizes.items()
    )


def _is_whole(kept: Kept) -> bool:
    stage = kept.stage
    hashes = {stage.file: stage.sha256} | {c.file: c.sha256 for c in stage.companions}
    return _has_sizes(kept) and all(
        sha256_of(kept.folder / name) == sha256 for name, sha256 in hashes.items()
    )
