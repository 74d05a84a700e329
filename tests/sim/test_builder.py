"""The tree as it stands in the phone."""

from .conftest import Handle


def test_the_tree_is_androids(retail: Handle) -> None:
    listed = retail.shell("ls /").split()
    assert {"system", "vendor", "data", "sdcard", "dev", "proc", "sys", "apex", "d"} <= set(listed)


def test_the_systems_folder_is_sealed_even_for_root(rooted: Handle) -> None:
    assert rooted.adb("shell", "su -c 'touch /system/bin/x'").returncode == 1


def test_devices_are_the_harmless_ones(retail: Handle) -> None:
    rows = retail.shell("ls -l /dev/* 2>/dev/null").splitlines()
    nodes = {row.split()[-1] for row in rows if row.startswith(("b", "c"))}
    found = {name.rpartition("/")[2] for name in nodes} - {"ptmx"}
    assert found == {"null", "zero", "full", "random", "urandom", "tty"}


def test_a_phones_root_may_not_make_devices(rooted: Handle) -> None:
    assert rooted.adb("shell", "su -c 'toybox mknod /dev/evil b 254 0'").returncode != 0


def test_the_sdcard_is_the_media_folder(retail: Handle) -> None:
    retail.shell("echo seen > /sdcard/seen")
    assert retail.shell("cat /data/media/0/seen; rm /sdcard/seen") == "seen\n"


def test_the_pushed_program_may_not_gain_rights(retail: Handle) -> None:
    mounts = retail.shell("grep ' /data ' /proc/mounts")
    assert "nosuid" in mounts
    assert "nodev" in mounts
