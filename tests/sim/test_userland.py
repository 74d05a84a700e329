"""What strangers' clients ask of a phone, each once a failure of one of them."""

import re

import pytest

from .conftest import Handle


def test_the_temporary_folder_belongs_to_the_shell_and_can_be_listed(retail: Handle) -> None:
    assert retail.shell("stat -c '%U %G %a' /data/local/tmp; ls /data/local/tmp > /dev/null") == (
        "shell shell 771\n"
    )


def test_mount_shows_where_data_lies_and_remembers(rooted: Handle) -> None:
    assert re.search(r"^/dev/\S+ on /data type f2fs \(", rooted.shell("mount"), re.MULTILINE)
    rooted.shell("su -c 'mount -t cgroup -o cpuset none /data/local/tmp/cg'")
    assert "none on /data/local/tmp/cg type cgroup (cpuset)" in rooted.shell("mount")
    rooted.shell("su -c 'umount /data/local/tmp/cg'")
    assert "/data/local/tmp/cg" not in rooted.shell("mount")


def test_a_retail_shell_may_not_mount(retail: Handle) -> None:
    assert retail.adb("shell", "mount -t tmpfs none /mnt").returncode == 1


def test_the_shell_is_user_2000(retail: Handle) -> None:
    assert retail.shell("id").startswith("uid=2000(shell) gid=2000(shell) groups=2000(shell)")
    assert retail.shell("id -u; whoami") == "2000\nshell\n"


@pytest.mark.parametrize("command", ["su -c 'id -u'", "echo 'id -u' | su", "su root id -u"])
def test_a_rooted_phone_has_su_in_every_way_it_is_called(rooted: Handle, command: str) -> None:
    assert rooted.shell(command) == "0\n"


def test_a_retail_phone_has_no_su(retail: Handle) -> None:
    done = retail.adb("shell", "su -c id")
    assert done.returncode == 127
    assert b"not found" in done.stderr


def test_programs_see_only_the_phones_processes(retail: Handle) -> None:
    assert retail.shell("cat /proc/1/comm") == "init\n"
    assert int(retail.shell("ls -d /proc/[0-9]* | wc -l")) < 20


@pytest.mark.parametrize(
    "node",
    [
        "related_cpus",
        "scaling_driver",
        "scaling_available_governors",
        "scaling_available_frequencies",
        "scaling_cur_freq",
        "scaling_max_freq",
        "cpuinfo_max_freq",
        "stats/time_in_state",
    ],
)
def test_every_core_has_its_frequency_nodes(retail: Handle, node: str) -> None:
    for cpu in range(8):
        assert retail.shell(f"cat /sys/devices/system/cpu/cpu{cpu}/cpufreq/{node}").strip()
    assert retail.shell("cat /sys/devices/system/cpu/cpu7/online") == "1\n"


def test_masks_are_of_the_phones_cores(retail: Handle) -> None:
    assert retail.shell("taskset f0 sh -c 'echo $IBD_SIM_AFFINITY'; taskset 80 nproc") == "f0\n8\n"
    assert retail.shell("taskset -p $$").endswith("current affinity mask: ff\n")
    assert retail.adb("shell", "taskset 100 true").returncode == 1, "there is no ninth core"


def test_settings_are_kept_and_told_by_every_way(retail: Handle) -> None:
    assert retail.shell("settings get system none_such") == "null\n"
    retail.shell("settings put global a_test 5")
    assert retail.shell("settings get global a_test; cmd settings get global a_test") == "5\n5\n"
    retail.shell("settings delete global a_test")
    query = "content query --uri content://settings/secure --projection value"
    told = retail.shell(f"{query} --where 'name=\"android_id\"'")
    assert re.fullmatch(r"Row: 0 value=[0-9a-f]{16}\n", told)


def test_activities_and_packages_are_answered_truthfully(retail: Handle) -> None:
    assert retail.shell("am get-current-user") == "0\n"
    assert retail.adb("shell", "am start -n org.example/.Main").returncode == 1
    assert retail.adb("shell", "pm path org.example").returncode == 1
    assert "package:android\n" in retail.shell("pm list packages")
    assert b"INSTALL_FAILED" in retail.adb("shell", "pm install /data/local/tmp/x.apk").stdout


def test_the_screen_is_told_by_power_and_window(retail: Handle) -> None:
    assert re.search(r"mWakefulness=A\w+", retail.shell("dumpsys power"))
    assert "init=1080x2280" in retail.shell("dumpsys window displays")
    assert retail.shell("wm size") == "Physical size: 1080x2280\n"


def test_a_key_wakes_the_screen_and_another_darkens_it(retail: Handle) -> None:
    retail.shell("input keyevent WAKEUP; sleep 0.6")
    assert "mWakefulness=Awake" in retail.shell("dumpsys power")
    retail.shell("input keyevent 223; sleep 0.6")
    assert "mWakefulness=Asleep" in retail.shell("dumpsys power")


def test_what_log_writes_logcat_shows(retail: Handle) -> None:
    retail.shell("logcat -G 1M; logcat -c; log -p w -t ibd 'a word: two'")
    shown = retail.shell("logcat -d -v threadtime -T 5")
    assert re.search(r"^\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ W ibd +: a word: two$", shown, re.M)
    assert retail.adb("logcat", "-d").stdout.decode() == shown
    retail.shell("logcat -c")
    assert "a word" not in retail.shell("logcat -d")


def test_the_kernel_is_the_phones(retail: Handle) -> None:
    assert retail.shell("uname -r; cat /proc/sys/kernel/osrelease") == "4.14.117-sim\n" * 2
    assert "cpuset" in retail.shell("cat /proc/cgroups")
    assert "SM8150" in retail.shell("cat /proc/cpuinfo")
    assert retail.shell("grep -c ^processor /proc/cpuinfo") == "8\n"
    assert retail.shell("grep -c ^cpu[0-9] /proc/stat") == "8\n"


def test_this_computers_kernel_is_out_of_reach(rooted: Handle) -> None:
    for path in ("/proc/sys/kernel/panic", "/proc/sys/vm/swappiness"):
        before = rooted.shell(f"su -c 'cat {path} 2>/dev/null; true'")
        assert rooted.adb("shell", f"su -c 'echo 1 > {path}'").returncode != 0
        assert rooted.shell(f"su -c 'cat {path} 2>/dev/null; true'") == before
    assert rooted.adb("shell", "su -c 'ls /sys/fs /sys/module'").returncode != 0


def test_this_computers_files_are_out_of_sight(retail: Handle) -> None:
    done = retail.adb("shell", "ls /home /root /tmp /work /var /etc/shadow")
    assert done.stdout == b""


def test_the_outer_network_is_out_of_reach(retail: Handle) -> None:
    assert retail.shell("cat /proc/net/tcp | wc -l") == "1\n"


@pytest.mark.parametrize("tool", ["md5sum", "toybox md5sum"])
def test_a_checksum_of_a_missing_file_fails(retail: Handle, tool: str) -> None:
    done = retail.adb("shell", f"{tool} /data/local/tmp/none")
    assert done.returncode == 1
    assert b"No such file" in done.stderr


def test_a_program_of_this_computer_runs_and_has_its_libraries(retail: Handle) -> None:
    retail.adb("push", "/bin/ls", "/data/local/tmp/a.out")
    assert "a.out" in retail.shell("/data/local/tmp/a.out /data/local/tmp")


def test_the_runtime_that_is_missing_is_said_to_be(retail: Handle) -> None:
    done = retail.adb("shell", "CLASSPATH=/x app_process / com.wetest.uia2.Main")
    assert done.returncode == 1


def test_properties_say_what_it_is_and_that_it_is_simulated(retail: Handle) -> None:
    assert retail.shell("getprop ro.board.platform; getprop ro.ibd.simulated") == "msmnile\n1\n"
    listed = retail.shell("getprop")
    assert "[ro.product.model]: [Pixel 4]\n" in listed
    assert not re.search("oneplus", listed, re.IGNORECASE)
    assert retail.shell("getprop none.such; getprop none.such default") == "\ndefault\n"


def test_the_shell_may_set_few_properties(retail: Handle) -> None:
    retail.shell("setprop debug.ibd.test 5")
    assert retail.shell("getprop debug.ibd.test; getprop | grep ibd.test") == (
        "5\n[debug.ibd.test]: [5]\n"
    )
    for key in ("ro.product.model", "persist.sys.timezone"):
        assert retail.adb("shell", f"setprop {key} x").returncode == 1


def test_disk_space_is_told_as_toybox_does(retail: Handle) -> None:
    head, row = retail.shell("df -k /data/local/tmp").splitlines()
    assert head.split()[:2] == ["Filesystem", "1K-blocks"]
    assert row.startswith("/dev/block/dm-")
    assert all(int(number) >= 0 for number in row.split()[1:4])
    assert row.endswith("/data")


def test_battery_text_has_the_layout_of_its_release(retail: Handle) -> None:
    lines = retail.shell("dumpsys battery").splitlines()
    assert lines[0] == "Current Battery Service state:"
    assert "  level: 92" in lines
    assert "  status: 3" in lines
    assert "  USB powered: false" in lines
    assert all(re.fullmatch(r"  [A-Za-z ]+: \S+", line) for line in lines[1:])


def test_unplug_and_set_only_freeze_the_picture(rooted: Handle) -> None:
    rooted.shell("dumpsys battery unplug; cmd battery set level 30")
    try:
        shown = rooted.shell("dumpsys battery")
        assert "  (UPDATES STOPPED -- use 'reset' to restart)\n" in shown
        assert "  USB powered: false\n" in shown
        assert "  level: 30\n" in shown
        assert rooted.shell("cat /sys/class/power_supply/usb/online") == "1\n"
        assert rooted.shell("cat /sys/class/power_supply/battery/capacity") != "30\n"
    finally:
        rooted.shell("dumpsys battery reset")
    assert "  USB powered: true\n" in rooted.shell("dumpsys battery")


def test_thermal_service_lists_current_temperatures(retail: Handle) -> None:
    text = retail.shell("dumpsys thermalservice")
    assert "Thermal Status: 0" in text
    current = text.partition("Current temperatures from HAL:")[2]
    assert re.search(r"\tTemperature\{mValue=2\d\.\d, mType=3, mName=sdm-therm-monitor", current)
    assert "CoolingDevice{mValue=0, mType=2, mName=thermal-cpufreq-7}" in current


def test_zones_say_more_than_temperatures(retail: Handle) -> None:
    listed = retail.shell(
        "cd /sys/class/thermal; "
        "for zone in thermal_zone*; do echo $(cat $zone/type) $(cat $zone/temp); done"
    )
    zones = dict(line.partition(" ")[::2] for line in listed.splitlines())
    assert 20_000 < int(zones["sdm-therm"]) < 40_000
    assert zones["soc"] == "92", "a percentage"
    assert 3000 < int(zones["pm8150b-vbat-lvl0"]) < 4500, "a voltage"
    assert zones["pa-therm"] == "-40000", "not fitted"
    assert zones["mmw-skin1-usr"] == "", "asleep"
