import subprocess
import time

from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim.clock import NS_PER_S, PhoneClock

from .conftest import Handle


def test_a_held_clock_keeps_its_offset_to_the_nanosecond() -> None:
    clock = PhoneClock(20 * NS_PER_S, speed=60)
    offset_ns = clock.hold()
    time.sleep(0.01)
    assert clock.hold() == offset_ns
    phone_ns, host_ns = clock.both_ns()
    assert phone_ns - host_ns == offset_ns


def test_a_free_clock_runs_at_its_speed() -> None:
    clock = PhoneClock(0, speed=100)
    clock.release()
    phone_ns, host_ns = clock.both_ns()
    time.sleep(0.02)
    later_phone_ns, later_host_ns = clock.both_ns()
    assert abs(later_phone_ns - phone_ns - 100 * (later_host_ns - host_ns)) <= 1


@given(st.lists(st.sampled_from(["hold", "release", "speed", "step"]), max_size=30))
def test_the_clock_never_goes_back(acts: list[str]) -> None:
    clock = PhoneClock(0, speed=50)
    holds, last_ns = 1, 0
    for act in acts:
        if act == "hold":
            clock.hold()
            holds += 1
        elif act == "release" and holds:
            clock.release()
            holds -= 1
        elif act == "speed":
            clock.set_speed(3)
        elif act == "step":
            clock.step(1000)
        now_ns = clock.now_ns()
        assert now_ns >= last_ns
        last_ns = now_ns


def uptime_between(handle: Handle) -> None:
    before_ns = handle.phone.state()["boot_ns"]
    uptime_s = float(handle.shell("cat /proc/uptime").split()[0])
    after_ns = handle.phone.state()["boot_ns"]
    assert before_ns / NS_PER_S - 0.011 <= uptime_s <= after_ns / NS_PER_S  # it counts 10 ms


def test_programs_see_the_phones_clock(retail: Handle) -> None:
    for _ in range(5):
        uptime_between(retail)


def test_the_clock_starts_like_a_phones(start) -> None:  # type: ignore[no-untyped-def]
    fresh = start()
    assert 20 <= float(fresh.shell("cat /proc/uptime").split()[0]) < 60


def test_a_fast_phone_ages_fast_while_nothing_runs(start) -> None:  # type: ignore[no-untyped-def]
    fast = start(speed=60)
    before = fast.phone.state()
    time.sleep(0.5)
    after = fast.phone.state()
    passed_s = (after["boot_ns"] - before["boot_ns"]) / NS_PER_S
    assert passed_s > 20
    assert after["energy_j"] - before["energy_j"] > 0.2 * passed_s, "the battery ages with it"
    for _ in range(5):
        uptime_between(fast)


def test_a_fast_phone_runs_programs_at_real_speed(start) -> None:  # type: ignore[no-untyped-def]
    fast = start(speed=60)
    first_s, second_s = map(
        float, fast.shell("cut -d' ' -f1 /proc/uptime; sleep 1; cut -d' ' -f1 /proc/uptime").split()
    )
    assert 1.0 <= second_s - first_s < 1.5


def test_a_detached_payload_holds_the_clock_at_real_speed(start) -> None:  # type: ignore[no-untyped-def]
    fast = start(speed=60)
    fast.adb("push", "/bin/sleep", "/data/local/tmp/payload")
    payload = "nohup setsid /data/local/tmp/payload 100 </dev/null >/dev/null 2>&1 & echo $!"
    pid = fast.shell(payload).strip()
    host_ns, before = time.monotonic_ns(), fast.phone.state()
    time.sleep(0.5)
    after, passed_ns = fast.phone.state(), time.monotonic_ns() - host_ns
    assert after["is_at_real_speed"]
    assert abs(after["boot_ns"] - before["boot_ns"] - passed_ns) < 0.02 * NS_PER_S
    fast.shell(f"kill {pid}")
    time.sleep(0.3)
    assert not fast.phone.state()["is_at_real_speed"]


def test_watching_the_log_holds_nothing_up(start) -> None:  # type: ignore[no-untyped-def]
    fast = start(speed=60)
    rack = fast.rack
    words = [rack.adb_path, "-P", str(rack.server_port), "-s", fast.phone.serial, "logcat"]
    watcher = subprocess.Popen(words, env=rack.environment(), stdout=subprocess.PIPE)
    try:
        assert watcher.stdout is not None
        watcher.stdout.readline()
        time.sleep(0.3)
        assert not fast.phone.state()["is_at_real_speed"]
    finally:
        watcher.kill()
        watcher.communicate()
