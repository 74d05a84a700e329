import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibd_mobile.cli import simulated
from ibd_mobile.machine.adb import find_adb
from ibd_mobile.sim import rack
from ibd_mobile.sim.namespace import namespaces_problem
from ibd_mobile.sim.rack import Phone, Rack

from .conftest import Command


@pytest.fixture
def stranger() -> Iterator[str]:
    """A port where something listens that is no adb server."""

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up)
        thread.start()
        yield str(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def standing() -> Iterator[Phone]:
    """A simulated phone that stays up between commands."""
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")
    with Rack(simulated.standing_rack(), find_adb(), stays=True) as made:
        phone = made.start("sd855")
    try:
        yield phone
    finally:
        rack.down(simulated.standing_rack())


def test_the_catalog_is_listed_with_its_processors(ibd: Command, free_port: str) -> None:
    said = ibd("devices", "--adb-port", free_port)
    assert said.code == 0
    assert "connected: none" in said.out
    rows = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert rows["kirin980"].split()[-3:] == ["cpu", "gpu", "npu"]
    assert "this computer" in rows["host_cpu"]


def test_json_says_the_same(ibd: Command, free_port: str) -> None:
    document = json.loads(ibd("devices", "--json", "--adb-port", free_port).out)
    assert document["schema"] == 1
    assert document["connected"] == []
    assert {d["id"] for d in document["catalog"]} >= {"sd855", "sd845", "kirin980", "host_cpu"}
    assert all(d["processors"] for d in document["catalog"])


def test_a_simulated_phone_that_is_up_is_listed_and_marked(
    ibd: Command, standing: Phone, free_port: str
) -> None:
    document = json.loads(ibd("devices", "--json", "--adb-port", free_port).out)
    (row,) = document["connected"]
    assert row["serial"] == standing.serial
    assert (row["state"], row["device"], row["note"]) == ("device", "sd855", "SIMULATED")
    text = ibd("devices", "--adb-port", free_port).out
    assert standing.serial in text
    assert "SIMULATED" in text


def test_a_phone_that_does_not_accept_the_key_says_so(
    ibd: Command, standing: Phone, free_port: str
) -> None:
    standing.fault("unauthorized")
    document = json.loads(ibd("devices", "--json", "--adb-port", free_port).out)
    (row,) = document["connected"]
    assert row["serial"] == standing.serial
    assert row["device"] == ""
    assert row["note"]


def test_without_an_adb_server_the_catalog_is_still_listed(ibd: Command, stranger: str) -> None:
    said = ibd("devices", "--adb-port", stranger)
    assert said.code == 0
    assert "connected: none (" in said.out
    assert "sd855" in said.out
    document = json.loads(ibd("devices", "--json", "--adb-port", stranger).out)
    assert document["connected"] == []
    assert document["problem"]


@pytest.fixture
def free_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A port for an adb server of this test's own, with a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANDROID_USER_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    yield str(port)
    subprocess.run([find_adb(), "-P", str(port), "kill-server"], capture_output=True, check=False)
