"""The notebook of the documentation does what it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.results.archived import archive
from tests.results.conftest import RawJob

NOTEBOOK = Path(__file__).parents[2] / "docs" / "archives.ipynb"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A job that becomes slower in the middle of its power phase."""
    archive(tmp_path / "runs", RawJob(power_ns=[10_000_000] * 300 + [13_000_000] * 320))
    return tmp_path


def test_every_cell_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    last: Any = None
    for source in sources:
        *lines, end = source.rstrip().split("\n")
        exec("\n".join(lines), names)  # noqa: S102 - our own
        if "=" in end.partition("(")[0] or end.startswith(("import", "from")):
            exec(end, names)  # noqa: S102
        else:
            last = eval(end, names)  # noqa: S307
    assert [point.index for point in last] == [300]
    assert len(names["jobs"]) == 1
    assert "power_w" in names["trace"].columns


def test_no_output_is_kept() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert not [cell for cell in cells if cell.get("outputs")]
