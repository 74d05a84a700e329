import io

import pytest
from rich.console import Console

from ibd_mobile.cli import console
from ibd_mobile.cli.models.transfer import Transfers
from ibd_mobile.core.model import SourceFile

FILE = SourceFile(role="model", url="https://example.org/a/net.onnx")


def test_a_file_is_announced_and_its_bytes_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    console.err.cache_clear()
    with Transfers(quiet=False) as transfers:
        told = transfers.report(FILE)
        told(10, 100)
        told(100, 0)
    assert capsys.readouterr().err == "fetching net.onnx …\n"
    console.err.cache_clear()


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Transfers(quiet=True) as transfers:
        transfers.report(FILE)(1, 2)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_with_the_files_name(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(console, "err", lambda: terminal)
    with Transfers(quiet=False) as transfers:
        transfers.report(FILE)(1 << 20, 1 << 21)
    assert "net.onnx" in screen.getvalue()
    assert "1.0/2.0 MiB" in screen.getvalue()
