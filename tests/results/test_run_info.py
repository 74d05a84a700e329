from pathlib import Path

import msgspec

from ibd_mobile.results.document import encode, read
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())


def test_all_that_was_asked_for_comes_back_from_its_document(tmp_path: Path) -> None:
    info = msgspec.convert(EXAMPLE["run"], RunInfo)
    (tmp_path / "run.json").write_bytes(encode(info))
    found = read(tmp_path / "run.json", RunInfo, remedy="")
    assert found == info
    assert [job.id for job in found.jobs] == [job.id for job in info.jobs]
