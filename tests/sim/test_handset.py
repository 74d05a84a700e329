"""What goes wrong with a phone, and how it comes back."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.errors import InputError

from .conftest import Handle, eventually

Start = Callable[..., Handle]


def reachable(handle: Handle) -> bool:
    try:
        return handle.adb("shell", "echo there", timeout_s=3).stdout == b"there\n"
    except subprocess.TimeoutExpired:
        return False


def comes_back(handle: Handle, timeout_s: float = 20) -> bool:
    """Wait for a phone, and do not wait for adb's own next attempt, which is seconds away."""

    def try_again() -> bool:
        handle.rack.adb("disconnect", handle.phone.serial)
        handle.rack.adb("connect", handle.phone.serial)
        return reachable(handle)

    return eventually(try_again, timeout_s)


def test_a_reboot_goes_away_and_comes_back_as_another_boot(start: Start) -> None:
    phone = start(speed=8)
    boot_id = phone.shell("cat /proc/sys/kernel/random/boot_id")
    phone.shell("echo stays > /data/local/tmp/stays")
    phone.shell("setsid sleep 999 </dev/null >/dev/null 2>&1 &")
    assert phone.adb("reboot").returncode == 0
    assert not reachable(phone)
    assert eventually(lambda: reachable(phone), 20)
    assert phone.shell("cat /proc/sys/kernel/random/boot_id") != boot_id
    assert 20 <= float(phone.shell("cat /proc/uptime").split()[0]) < 120
    assert phone.shell("cat /data/local/tmp/stays") == "stays\n"
    assert "sleep" not in phone.shell("cat /proc/[0-9]*/comm")
    truth = phone.phone.truth()
    assert set(truth["boot_count"].tolist()) == {0, 1}


def test_a_program_in_the_phone_can_reboot_it(start: Start) -> None:
    phone = start(speed=16)
    phone.adb("shell", "reboot")
    assert eventually(lambda: not reachable(phone), 5)
    assert comes_back(phone)


def test_a_phone_that_goes_in_mid_command_takes_the_answer_along(start: Start) -> None:
    phone = start()
    rack = phone.rack
    words = [rack.adb_path, "-P", str(rack.server_port), "-s", phone.phone.serial]
    command = subprocess.Popen(
        [*words, "shell", "echo begin; sleep 20; echo end"],
        env=rack.environment(),
        stdout=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stdout.readline() == b"begin\n"
    phone.phone.fault("gone", seconds=1)
    out, _ = command.communicate(timeout=10)
    assert out == b""
    assert comes_back(phone)


def test_a_phone_that_is_gone_for_good_can_be_brought_back(start: Start) -> None:
    phone = start()
    phone.phone.fault("gone")
    time.sleep(0.3)
    assert not reachable(phone)
    phone.phone.clear_faults()
    assert comes_back(phone)


def test_the_link_is_cut_at_the_byte(start: Start) -> None:
    phone = start()
    phone.phone.fault("die_after_bytes", byte_count=1000)
    done = phone.adb("exec-out", "head -c 100000 /dev/zero")
    assert len(done.stdout) <= 1000
    assert comes_back(phone), "once only"


def test_an_offline_phone_takes_and_never_answers(start: Start) -> None:
    phone = start()
    phone.phone.fault("offline")
    with pytest.raises(subprocess.TimeoutExpired):
        phone.adb("shell", "echo", timeout_s=1)
    phone.phone.clear_faults()


def test_an_unauthorized_phone_says_so(start: Start) -> None:
    phone = start()
    phone.phone.fault("unauthorized")
    assert eventually(lambda: b"unauthorized" in phone.rack.adb("devices").stdout)
    done = phone.adb("shell", "echo")
    assert done.returncode == 1
    assert b"unauthorized" in done.stderr
    phone.phone.clear_faults()


def test_a_full_disk_takes_no_more(start: Start, tmp_path: Path) -> None:
    phone = start()
    phone.shell("echo old > /data/local/tmp/old")
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    phone.phone.fault("disk_full", free_bytes=100_000)
    done = phone.adb("push", str(tmp_path / "file"), "/data/local/tmp/file")
    assert done.returncode == 1
    assert b"No space left" in done.stderr + done.stdout
    assert phone.shell("cat /data/local/tmp/old; ls /data/local/tmp") == "old\nold\n"
    phone.phone.clear_faults()
    assert phone.adb("push", str(tmp_path / "file"), "/data/local/tmp/file").returncode == 0


def test_a_small_disk_is_small_from_the_start(start: Start, tmp_path: Path) -> None:
    phone = start(knobs={"data_free_bytes": 500_000})
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    done = phone.adb("push", str(tmp_path / "file"), "/data/local/tmp/file")
    assert b"No space left" in done.stderr + done.stdout
    assert phone.shell("ls /data/local/tmp") == "", "no half file stays"


def test_the_clock_can_step(start: Start) -> None:
    phone = start()
    before_s = float(phone.shell("cat /proc/uptime").split()[0])
    phone.phone.fault("clock_step", seconds=1000)
    assert float(phone.shell("cat /proc/uptime").split()[0]) - before_s >= 1000


def test_a_frozen_gauge_keeps_its_value(start: Start) -> None:
    phone = start()
    phone.phone.fault("freeze_gauge")
    node = "/sys/class/power_supply/battery/current_now"
    assert len(set(phone.shell(f"cat {node}; sleep 1; cat {node}").split())) == 1
    phone.phone.clear_faults()
    assert len(set(phone.shell(f"cat {node}; sleep 1; cat {node}").split())) == 2


def test_a_throttled_phone_shows_lower_clocks(start: Start) -> None:
    phone = start()
    phone.phone.fault("throttle", ratio=0.5)
    node = "/sys/devices/system/cpu/cpufreq/policy7/scaling_max_freq"
    assert eventually(lambda: phone.shell(f"cat {node}") == "1401600\n")
    phone.phone.clear_faults()
    assert eventually(lambda: phone.shell(f"cat {node}") == "2841600\n")


def test_knobs_turn_at_once(start: Start) -> None:
    phone = start()
    supply = "/sys/class/power_supply"
    phone.phone.set(battery_pct=42, plugged=True, framework_level_offset=-17)
    assert phone.shell(f"cat {supply}/battery/capacity {supply}/usb/online") == "42\n1\n"
    assert "  level: 25\n" in phone.shell("dumpsys battery")
    phone.phone.set(sysfs_readable=False)
    done = phone.adb("shell", f"cat {supply}/battery/current_now")
    assert done.returncode == 1
    assert b"Permission denied" in done.stderr


def test_some_knobs_are_fixed_at_the_start(start: Start) -> None:
    phone = start()
    with pytest.raises(InputError, match="when the phone is started"):
        phone.phone.set(rooted=True)


def test_root_stops_the_charging(start: Start) -> None:
    phone = start(knobs={"rooted": True, "plugged": True, "battery_pct": 50})
    battery = "/sys/class/power_supply/battery"
    assert phone.shell(f"cat {battery}/status") == "Charging\n"
    node = "/sys/devices/platform/soc/soc:google,charger/charge_disable"
    assert phone.adb("shell", f"echo 1 > {node}").returncode == 1, "the shell may not"
    phone.shell(f"su -c 'echo 1 > {node}'")
    assert eventually(lambda: phone.shell(f"cat {battery}/status") == "Not charging\n")
    assert eventually(lambda: abs(int(phone.shell(f"cat {battery}/current_now"))) < 2000)
    phone.shell("su -c 'echo 1 > /d/google_charger/input_suspend'")
    assert eventually(lambda: phone.shell(f"cat {battery}/status") == "Discharging\n")
    assert eventually(lambda: int(phone.shell(f"cat {battery}/current_now")) > 50_000)


def test_adb_root_restarts_as_root_where_it_may(start: Start) -> None:
    phone = start(knobs={"rooted": True})
    assert b"restarting adbd as root" in phone.adb("root").stdout
    phone.wait()
    assert phone.shell("id -u") == "0\n"


def test_adb_root_is_refused_on_a_retail_phone(retail: Handle) -> None:
    done = retail.adb("root")
    assert (done.returncode, done.stdout) == (
        0,
        b"adbd cannot run as root in production builds\n",
    )


def test_an_old_payload_limit_holds(start: Start, tmp_path: Path) -> None:
    phone = start(knobs={"max_payload": 4096})
    source = tmp_path / "file"
    source.write_bytes(bytes(range(256)) * 4000)
    phone.adb("push", str(source), "/data/local/tmp/file")
    phone.adb("pull", "/data/local/tmp/file", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_a_phone_whose_first_process_dies_boots_anew(start: Start) -> None:
    phone = start(knobs={"rooted": True}, speed=16)
    boot_id = phone.phone.state()["boot_id"]
    init = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if phone.phone.name in folder_text(folder)
        and "sim.zygote" in folder_text(folder)
        and str(phone.rack.root) in folder_text(folder)
    ]
    assert init
    os.kill(max(init), signal.SIGKILL)
    assert eventually(lambda: phone.phone.state()["boot_id"] not in ("", boot_id), 20)
    assert comes_back(phone)


def folder_text(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
