from pathlib import Path

import pytest

from .drawn import write_animals


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty folder in place of the lab's own files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    home = tmp_path / "config" / "ibd-mobile"
    home.mkdir(parents=True)
    return home


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Give the folder of a small picture set."""
    return write_animals(tmp_path)
