from ibd_mobile.sim import proc, profile

PROFILE = profile.read("sd855")


def test_cpuinfo_lists_the_recorded_cores() -> None:
    text = proc.cpuinfo(PROFILE)
    assert text.count("processor\t:") == 8
    assert text.count("CPU part\t: 0x805") == 4
    assert text.endswith("Hardware\t: Qualcomm Technologies, Inc SM8150\n")


def test_busy_and_idle_time_fill_the_uptime() -> None:
    lines = proc.stat({0: 10.0, 1: 0.0}, 60.0).splitlines()
    assert lines[1].split()[:5] == ["cpu0", "1000", "0", "0", "5000"]
    assert lines[0].split()[:5] == ["cpu", "1000", "0", "0", "11000"]


def test_meminfo_has_the_phones_size() -> None:
    assert proc.meminfo(5_646_836).splitlines()[0] == "MemTotal:        5646836 kB"
