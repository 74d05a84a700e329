from collections.abc import Iterator
from pathlib import Path

import pytest

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.cli import simulated
from ibd_mobile.core.errors import InputError
from ibd_mobile.machine.adb import AdbLink, AdbServer, find_adb
from ibd_mobile.machine.probe import probe
from ibd_mobile.sim import rack
from ibd_mobile.sim.namespace import namespaces_problem
from ibd_mobile.sim.rack import Rack


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Phones of a user whose cache is empty."""
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    rack.down(simulated.standing_rack())


def test_everything_of_a_user_lies_in_the_cache(home: Path) -> None:
    assert simulated.folder() == home / "cache" / "ibd-mobile" / "sim"
    assert simulated.standing_rack().is_relative_to(simulated.folder())


def test_an_unknown_profile_offers_the_nearest() -> None:
    assert simulated.known_profile("sd855") == "sd855"
    with pytest.raises(InputError, match="'sd885': does not exist") as caught:
        simulated.known_profile("sd885")
    assert "Did you mean 'sd855'?" in caught.value.remedy


def test_a_phone_lives_as_long_as_its_block(allowed: None) -> None:
    stock = Stock.read()
    with simulated.phone("sd855", speed=60.0) as slot:
        link = AdbLink(AdbServer(slot.adb_port), slot.serial)
        identity = probe(link, stock.devices, stock.phones)
        assert slot.id == identity.device == "sd855"
        assert identity.is_simulated
        (root,) = simulated.folder().glob("run-*")
        assert rack.running(root)
    assert not rack.running(root)
    assert not list(simulated.folder().glob("run-*"))


def test_storage_is_kept_for_the_next_phone(allowed: None) -> None:
    words = ("/data/local/tmp/kept",)
    with simulated.phone("sd855", speed=60.0) as slot:
        AdbLink(AdbServer(slot.adb_port), slot.serial).run(["touch", *words], timeout_s=20)
    with simulated.phone("sd855", speed=60.0) as slot:
        link = AdbLink(AdbServer(slot.adb_port), slot.serial)
        assert link.run(["ls", *words], timeout_s=20, check=False).code == 0


def test_two_phones_of_one_name_do_not_share_storage(allowed: None) -> None:
    with simulated.phone("sd855", speed=60.0), simulated.phone("sd855", speed=60.0):
        folders = {p.name for p in (simulated.folder() / "userdata").iterdir() if p.is_dir()}
        assert folders == {"sd855", "sd855.2"}


def test_a_numbered_slot_is_another_phone_of_its_profile(allowed: None) -> None:
    with simulated.phone("sd855-2", speed=60.0) as slot:
        assert slot.id == "sd855-2"
        assert (simulated.folder() / "userdata" / "sd855-2").is_dir()


def test_a_phone_that_is_up_is_taken_and_left_up(allowed: None) -> None:
    with Rack(simulated.standing_rack(), find_adb(), stays=True) as standing:
        phone = standing.start("sd855")
    with simulated.phone("sd855", speed=60.0) as slot:
        assert slot.serial == phone.serial
        assert not list(simulated.folder().glob("run-*"))
    assert [p.name for p in rack.running(simulated.standing_rack())] == ["sd855"]


def test_the_phone_that_was_in_a_slot_is_taken_again(allowed: None) -> None:
    with Rack(simulated.standing_rack(), find_adb(), stays=True) as standing:
        standing.start("sd855")
        second = standing.start("sd855")
    with simulated.phone("sd855", speed=60.0, serial=second.serial) as slot:
        assert slot.serial == second.serial
