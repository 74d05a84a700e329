import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.record import Record
from ibd_mobile.results.job_folder import JobFolder, MetricsDocument, plain_files

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
RECORD = msgspec.convert(EXAMPLE["records"][0], Record)


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    made = JobFolder(tmp_path / RECORD.job_id, RECORD.job_id)
    made.raw.mkdir(parents=True)
    made.traces.mkdir()
    return made


def test_raw_files_are_hashed_under_their_names_below_raw(folder: JobFolder) -> None:
    folder.journal.write_bytes(b"journal")
    (folder.raw / "more").mkdir()
    (folder.raw / "more" / "log.txt").write_bytes(b"")
    folder.trace("power").write_bytes(b"not raw")
    assert folder.raw_sha256() == {
        "journal.jsonl": hashlib.sha256(b"journal").hexdigest(),
        "more/log.txt": hashlib.sha256(b"").hexdigest(),
    }


def test_every_raw_file_lies_under_raw_and_has_a_name_of_its_own(folder: JobFolder) -> None:
    paths = [
        folder.context, folder.journal, folder.samples, folder.child,
        folder.summary, folder.outputs, folder.gates,
    ]  # fmt: skip
    assert len(set(paths)) == len(paths)
    assert {path.parent for path in paths} == {folder.raw}


def test_numbers_are_written_beside_the_record(folder: JobFolder) -> None:
    folder.write_results(RECORD)
    found = msgspec.json.decode(folder.metrics.read_bytes(), type=MetricsDocument)
    assert found.metrics == RECORD.metrics
    assert msgspec.json.decode(folder.record.read_bytes(), type=Record) == RECORD
    folder.sync()


@pytest.mark.parametrize("kind", ["link", "loop", "pipe"])
def test_what_is_neither_file_nor_folder_is_named(folder: JobFolder, kind: str) -> None:
    path = folder.raw / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd" if kind == "link" else folder.path)
    with pytest.raises(DataError, match="odd: is a link or a device"):
        plain_files(folder.path)
