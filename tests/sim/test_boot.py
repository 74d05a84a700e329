import asyncio
from pathlib import Path

import pytest

from ibd_mobile.sim import profile
from ibd_mobile.sim.boot import Boot, BootEnded
from ibd_mobile.sim.clock import NS_PER_S, PhoneClock
from ibd_mobile.sim.handset import Handset, Place
from ibd_mobile.sim.knobs import Knobs


async def switched_on(folder: Path) -> Handset:
    (folder / "userdata").mkdir()
    place = Place(folder, folder / "userdata")
    handset = Handset(profile.read("sd855"), Knobs(), place, speed=1, seed=0)
    await handset.switch_on()
    return handset


def test_programs_end_with_their_code_and_die_with_the_boot(tmp_path: Path) -> None:
    async def scene() -> None:
        handset = await switched_on(tmp_path)
        boot = handset.boot
        assert boot is not None
        try:
            quick = await boot.spawn("pipe", ["/system/bin/sh", "-c", "exit 5"], {}, [0, 1, 2])
            assert await asyncio.wait_for(quick.ended, 5) == 5
            long = await boot.spawn("pipe", ["/system/bin/sh", "-c", "sleep 99"], {}, [0, 1, 2])
        finally:
            handset.close()
        assert await long.ended == 137
        with pytest.raises(BootEnded):
            await boot.spawn("pipe", ["/system/bin/sh"], {}, [0, 1, 2])

    asyncio.run(scene())


def test_a_program_that_is_not_there_ends_with_127(tmp_path: Path) -> None:
    async def scene() -> None:
        handset = await switched_on(tmp_path)
        assert handset.boot is not None
        try:
            missing = await handset.boot.spawn("pipe", ["/no/such"], {}, [0, 1, 1])
            assert await asyncio.wait_for(missing.ended, 5) == 127
        finally:
            handset.close()

    asyncio.run(scene())


def test_a_boot_that_was_never_started_stops(tmp_path: Path) -> None:
    async def scene() -> None:
        Boot(PhoneClock(20 * NS_PER_S, 1), tmp_path / "plan").stop()

    asyncio.run(scene())
