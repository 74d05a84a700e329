"""A SavedModel's folder, or what of it is needed out of an archive."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from ibd_mobile.convert.steps import step

GRAPH = "saved_model.pb"
_MOST_BYTES = 8 * 2**30  #: of what is unpacked
_BLOCK_BYTES = 2**20

_Members = dict[PurePosixPath, tuple[int, Callable[[], IO[bytes]]]]  #: path -> size, how to open


@contextmanager
def folder(path: Path, place: str) -> Iterator[Path]:
    """Give the folder of a SavedModel; what is unpacked goes again.

    Only plain files are unpacked, and only graph and variables, under names of our own making.

    Args:
        path: a folder, a zip or a tar archive.
        place: folder to unpack in.

    Raises:
        Refused: there is no SavedModel in it, or more than one, or it is too large.
    """
    if path.is_dir():
        yield path
        return
    with ExitStack() as stack:
        try:
            members = _members(path, stack)
            graphs = [name for name in members if name.name == GRAPH]
            if len(graphs) != 1:
                raise step.Refused(f"{path.name} holds {len(graphs)} SavedModels, not one")
            unpacked = Path(stack.enter_context(TemporaryDirectory(dir=place)))
            _unpack(members, graphs[0].parent, unpacked, path)
        except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
            raise step.Refused(
                f"{path.name} is not an archive of a SavedModel, or not all of one: {error}",
                "Fetch the file anew.",
            ) from error
        yield unpacked


def _members(path: Path, stack: ExitStack) -> _Members:
    if zipfile.is_zipfile(path):
        packed = stack.enter_context(zipfile.ZipFile(path))
        files = [info for info in packed.infolist() if not info.is_dir()]
        return {PurePosixPath(f.filename): (f.file_size, partial(packed.open, f)) for f in files}
    tar = stack.enter_context(tarfile.open(path))  # noqa: SIM115  # the stack closes it
    plain = [info for info in tar.getmembers() if info.isreg()]
    return {PurePosixPath(f.name): (f.size, partial(_opened, tar, f)) for f in plain}


def _opened(tar: tarfile.TarFile, file: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(file)
    if content is None:
        raise tarfile.ReadError(f"{file.name} is no plain file")
    return content


def _unpack(members: _Members, root: PurePosixPath, target: Path, path: Path) -> None:
    wanted = {root / GRAPH: target / GRAPH}
    variables = [name for name in members if name.parent == root / "variables"]
    wanted |= {name: target / "variables" / name.name for name in variables}
    if sum(members[name][0] for name in wanted) > _MOST_BYTES:
        raise step.Refused(f"{path.name} would fill more than {_MOST_BYTES >> 30} GiB")
    (target / "variables").mkdir()
    for name, place in wanted.items():
        with members[name][1]() as content, place.open("wb") as out:
            shutil.copyfileobj(content, out, _BLOCK_BYTES)
