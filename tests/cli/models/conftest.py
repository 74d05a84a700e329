from pathlib import Path

import pytest

from tests.small_network import network, write_model


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab with one network of its own, `small`; returns the network's file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = network(tmp_path / "net.onnx")
    write_model(tmp_path / "config" / "ibd-mobile" / "models", file)
    return file
