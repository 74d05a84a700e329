"""Published weights on this computer: fetched once, pinned by hash, taken out of their archives."""

import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import msgspec
import platformdirs

from ibd_mobile.catalog import library
from ibd_mobile.convert.fetch import LIMIT_BYTES, Progress, fetch
from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.file import sha256_of, write_atomic
from ibd_mobile.core.model import Model, Source, SourceFile


class Pin(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """What a file was when it was fetched for the first time."""

    schema: Literal[1]
    url: str
    sha256: str
    size_bytes: int


Report = Callable[[SourceFile], Progress]


def _silent(_: SourceFile) -> Progress:
    return lambda *_: None


class Sources:
    """Files that others published.

    Args:
        root: folder of the files; None = in the user's cache.
        pins: folder of the pins; None = among the user's data, which outlives the cache.
    """

    def __init__(self, root: Path | None = None, pins: Path | None = None) -> None:
        self._root = root or Path(platformdirs.user_cache_dir("ibd-mobile")) / "sources"
        self._pins = pins or Path(platformdirs.user_data_dir("ibd-mobile")) / "pins"

    def here(self, model: Model, source: Source) -> dict[str, Path] | None:
        """Return a source's files by role if all are on this computer and whole, else None.

        Raises:
            DataError: a file that travels with the package is not what its TOML says.
        """
        found: dict[str, Path] = {}
        for file in source.files:
            place = self._place(model, file)
            if not place.is_file():
                return None
            if self._is_shipped(file) and sha256_of(place) != file.sha256:
                raise DataError(
                    str(place), "is not the file that the model's TOML names", "Reinstall it."
                )
            found[file.role] = self._unpacked(file, place)
        return found

    def fetch(
        self, model: Model, source: Source, report: Report = _silent, instead: Path | None = None
    ) -> dict[str, Path]:
        """Bring all files of a source here, and return them by role.

        Args:
            model: whose TOML names them.
            source: of one of its variants.
            report: gives for each file what is told as bytes come.
            instead: a file or folder on this computer to take them from; hashes are checked as
                those of a download.

        Raises:
            HostError, DataError, InputError: as `convert.fetch.fetch`; what is half stays unnamed.
        """
        for file in source.files:
            place = self._place(model, file)
            if not self._is_shipped(file) and not place.is_file():
                self._bring(file, place, report(file), instead)
        found = self.here(model, source)
        if found is None:
            raise InputError(f"model '{model.id}'", "has a file that is not beside its TOML")
        return found

    def pinned(self, file: SourceFile) -> str:
        """Return the SHA-256 that a file must have: published, or seen at the first fetch."""
        if file.sha256:
            return file.sha256
        pin = self._pin(file)
        return pin.sha256 if pin is not None and pin.url == file.url else ""

    def _bring(
        self, file: SourceFile, place: Path, progress: Progress, instead: Path | None
    ) -> None:
        wanted = msgspec.structs.replace(file, sha256=self.pinned(file))
        if instead is not None:
            local = instead / _name(file) if instead.is_dir() else instead
            wanted = msgspec.structs.replace(wanted, url=local.resolve().as_uri())
        sha256 = fetch(wanted, place, progress)
        if not self.pinned(file):
            pin = Pin(schema=1, url=file.url, sha256=sha256, size_bytes=place.stat().st_size)
            write_atomic(self._pin_path(file), msgspec.json.format(msgspec.json.encode(pin)))

    def _pin(self, file: SourceFile) -> Pin | None:
        try:
            return msgspec.json.decode(self._pin_path(file).read_bytes(), type=Pin)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise DataError(
                str(self._pin_path(file)),
                f"is damaged: {error}",
                "Delete it; the file is then pinned anew at the next fetch.",
            ) from error

    def _pin_path(self, file: SourceFile) -> Path:
        return self._pins / f"{_key(file)}.json"

    def _place(self, model: Model, file: SourceFile) -> Path:
        if self._is_shipped(file):
            return library.model_folder(model) / file.url
        return self._root / _key(file) / _name(file)

    @staticmethod
    def _is_shipped(file: SourceFile) -> bool:
        return "://" not in file.url

    def _unpacked(self, file: SourceFile, place: Path) -> Path:
        """Take a member out of an archive, once."""
        if not file.member:
            return place
        target = place.with_name(f"{place.name}.{_hash(file.member)[:8]}.{Path(file.member).name}")
        if not target.is_file():
            part = target.with_name(f"{target.name}.part")
            try:
                with part.open("wb") as out:
                    _extract(place, file.member, out)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return target


def _extract(archive: Path, member: str, out: IO[bytes]) -> None:
    """Copy one plain member of a tar or zip archive; links in it are not followed.

    Raises:
        DataError: no archive, no such member, or one that is no plain file.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed, packed.open(member) as content:
                _copy(content, out, archive)
                return
        with tarfile.open(archive) as tar:
            names = {name.removeprefix("./"): name for name in tar.getnames()}
            info = tar.getmember(names[member.removeprefix("./")])
            content_or_none = tar.extractfile(info) if info.isreg() else None
            if content_or_none is None:
                raise DataError(str(archive), f"'{member}' in it is no plain file")
            _copy(content_or_none, out, archive)
    except KeyError as error:
        raise DataError(str(archive), f"has no member '{member}'", "Check the TOML.") from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(str(archive), f"is no whole archive: {error}", "Fetch it again.") from error


def _copy(content: IO[bytes], out: IO[bytes], archive: Path) -> None:
    shutil.copyfileobj(content, _Bounded(out, archive), 1 << 20)


class _Bounded:
    """Refuses to take more than any network is large: an archive may unpack without end."""

    def __init__(self, out: IO[bytes], archive: Path) -> None:
        self._out, self._archive, self._left = out, archive, LIMIT_BYTES

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise DataError(str(self._archive), "unpacks to more than any network is large")
        return self._out.write(data)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(file: SourceFile) -> str:
    return _hash(file.url)[:24]


def _name(file: SourceFile) -> str:
    """Return a plain file name for what an URL gives."""
    name = file.url.split("?")[0].rstrip("/").rpartition("/")[2]
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip(".") or "file"
