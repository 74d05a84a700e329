"""Files from their publishers: fetched in pieces that add up, believed by their hash alone."""

import hashlib
import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import requests

from ibd_mobile.core.errors import DataError, HostError, InputError
from ibd_mobile.core.file import sync_folder
from ibd_mobile.core.model import SourceFile

#: told so often: bytes that are there, bytes in all (0 = not known)
Progress = Callable[[int, int], None]

_CHUNK_BYTES: Final = 1 << 18
_CONNECT_S, _READ_S = 15.0, 60.0
#: no published network is larger; an endless answer must not fill the disk
LIMIT_BYTES: Final = 8 << 30


def fetch(file: SourceFile, place: Path, progress: Progress = lambda *_: None) -> str:
    """Bring a file to its place, going on where an earlier try stopped.

    What has come so far lies beside the place under `NAME.part`; the file gets its name only when
    its hash is the expected one.

    Args:
        file: its URL (https:// or file://), and what is known of its content.
        place: final path.
        progress: told as bytes come.

    Returns:
        SHA-256 of what lies at the place now.

    Raises:
        HostError: it cannot be reached, or there is no space.
        DataError: what came is not what was published; it is not kept.
        InputError: the URL leads nowhere.
    """
    part = place.with_name(f"{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.url.startswith("file://"):
            _copy(file, part, progress)
        else:
            _download(file, part, progress)
        sha256 = _verified(file, part)
        part.replace(place)
        _tag_file(part).unlink(missing_ok=True)
        sync_folder(place.parent)
    except OSError as error:
        if isinstance(error, requests.RequestException):
            raise HostError(
                file.url,
                f"cannot be fetched: {_cause(error)}",
                "Check the network, then run the same command again: it goes on where it stopped."
                " Or download the file elsewhere and name it with --from.",
            ) from error
        raise HostError(str(place), f"cannot be written: {error.strerror or error}") from error
    return sha256


def _download(file: SourceFile, part: Path, progress: Progress) -> None:
    tag_file = _tag_file(part)
    tag = tag_file.read_text().strip() if tag_file.is_file() else ""
    have = part.stat().st_size if part.is_file() and tag else 0
    headers = {"Accept-Encoding": "identity"}  # bytes are counted as they stand in the file
    if have:  # with If-Range the server sends the rest only if it is the rest of the same file
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}
    with requests.get(
        file.url, headers=headers, stream=True, timeout=(_CONNECT_S, _READ_S)
    ) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is here already; its hash decides
        if answer.status_code in (401, 403, 404, 410):
            raise InputError(
                file.url,
                f"is not to be had: the server answers {answer.status_code} {answer.reason}",
                "Find the file elsewhere and name it with --from; its hash is checked too.",
            )
        answer.raise_for_status()
        tag_file.write_text(_tag(answer))
        is_continued = answer.status_code == requests.codes.partial_content
        have = have if is_continued else 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        _write(answer.iter_content(_CHUNK_BYTES), part, have, total, progress)


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _tag(answer: requests.Response) -> str:
    """Return what the server tells a version of the file by; a weak tag does not do."""
    tag = answer.headers.get("ETag", "")
    return answer.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag


def _copy(file: SourceFile, part: Path, progress: Progress) -> None:
    source = Path(urllib.parse.unquote(urllib.parse.urlsplit(file.url).path))
    if not source.is_file():
        raise InputError(file.url, "is not there, or is no plain file")
    with source.open("rb") as content:
        chunks = iter(lambda: content.read(_CHUNK_BYTES), b"")
        _write(chunks, part, 0, source.stat().st_size, progress)


def _write(chunks: object, part: Path, have: int, total: int, progress: Progress) -> None:
    with part.open("r+b" if have else "wb") as out:
        out.seek(have)
        out.truncate()
        for chunk in chunks:  # type: ignore[attr-defined]
            have += len(chunk)
            if have > LIMIT_BYTES:
                raise DataError(str(part), f"is longer than {LIMIT_BYTES >> 30} GiB; stopped")
            out.write(chunk)
            progress(have, total)
        out.flush()
        os.fsync(out.fileno())
    if total and have < total:
        raise requests.ConnectionError(f"the server stopped after {have:,} of {total:,} bytes")


def _verified(file: SourceFile, part: Path) -> str:
    """Return the hash of what came, or throw it away: to go on from wrong bytes helps nobody."""
    with part.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    problem = ""
    if file.size_bytes and part.stat().st_size != file.size_bytes:
        problem = f"has {part.stat().st_size:,} bytes, not {file.size_bytes:,}"
    elif file.sha256 and sha256 != file.sha256:
        problem = f"has SHA-256 {sha256}, not {file.sha256}"
    elif file.md5 and _md5(part) != file.md5:
        problem = f"has MD5 {_md5(part)}, not {file.md5}"
    if problem:
        part.unlink()
        _tag_file(part).unlink(missing_ok=True)
        raise DataError(
            file.url,
            f"{problem}; what came was thrown away",
            "Fetch it again; if it stays so, the publisher has changed the file.",
        )
    return sha256


def _md5(path: Path) -> str:
    with path.open("rb") as content:  # not for security: some publishers state nothing better
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _cause(error: BaseException) -> str:
    """Dig out the sentence that says what went wrong."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    reason: object = error
    while isinstance(reason, BaseException):
        inner = getattr(reason, "reason", None) or reason.__cause__ or reason.__context__
        if inner is None or inner is reason:
            break
        reason = inner
    return str(reason).rpartition(": ")[2].strip("()' ") or type(error).__name__
