import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibd_mobile.core.errors import HostError, InputError, PhoneGone
from ibd_mobile.machine.server import AdbServer, find_adb, usual_port


@pytest.fixture
def port() -> int:
    """Return a port that nobody listens on, outside those that adb scans for emulators."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = int(server.getsockname()[1])
        if not 5500 < found < 5700:
            return found


@pytest.fixture
def server(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANDROID_USER_HOME", str(tmp_path))
    server = AdbServer(port)
    yield server
    server.stop()


def test_a_server_that_does_not_run_is_started_and_our_own_is_ended(server: AdbServer) -> None:
    assert server.devices() == []
    AdbServer(server.port).stop()
    assert AdbServer(server.port).devices() == [], "only who started it may end it"
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_an_address_where_no_phone_listens_is_named(server: AdbServer, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(PhoneGone, match="cannot be connected to: ") as caught:
        server.connect(address)
    assert caught.value.subject == address
    server.disconnect(address)


def test_something_else_at_the_port_is_told_from_a_server(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as stranger:
        stranger.settimeout(5)
        import threading

        def hang_up() -> None:
            connection, _ = stranger.accept()
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(HostError, match="does not speak as an adb server") as caught:
            AdbServer(port).devices()
        thread.join()
    assert "ANDROID_ADB_SERVER_PORT" in caught.value.remedy


def test_an_adb_that_cannot_start_is_shown_with_its_words(port: int, tmp_path: Path) -> None:
    broken = tmp_path / "adb"
    broken.write_text("#!/bin/sh\necho 'no libc here' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(HostError, match=r"cannot be started with .*/adb: no libc here"):
        AdbServer(port, adb_path=str(broken)).devices()
    with pytest.raises(HostError, match="cannot be started"):
        AdbServer(port, adb_path=str(tmp_path / "missing")).devices()


def test_a_server_on_another_computer_is_not_started(port: int) -> None:
    with pytest.raises(HostError, match="does not answer"):
        AdbServer(port, "127.0.0.2").devices()


def test_without_any_adb_the_remedy_is_to_install_it(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import adbutils._utils

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(adbutils._utils, "_get_bin_dir", lambda: "/nowhere")
    with pytest.raises(HostError, match="adb: is not on this computer") as caught:
        AdbServer(port).devices()
    assert "apt install adb" in str(caught.value)


def test_an_adb_is_found_here() -> None:
    assert os.access(find_adb(), os.X_OK)
    assert shutil.which("adb") is None or find_adb() == shutil.which("adb")


@pytest.mark.parametrize("text", ["0", "70000", "adb", "-1", "²"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", text)
    with pytest.raises(InputError, match=f"is '{text}', which is no port"):
        usual_port()


def test_the_usual_port_is_the_one_adb_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANDROID_ADB_SERVER_PORT", raising=False)
    assert usual_port() == 5037
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "15037")
    assert usual_port() == 15037
