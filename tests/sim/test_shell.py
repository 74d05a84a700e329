import subprocess
import threading
import time

import adbutils
import pytest

from ibd_mobile.sim.shell import ShellOrder, parse_order

from .conftest import Handle, eventually

#: prints the command line of every process in the phone
ALL_COMMANDS = r"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' '"


@pytest.mark.parametrize(
    ("service", "order"),
    [
        ("shell:ls", ShellOrder("ls", has_protocol=False, has_terminal=False)),
        ("shell:", ShellOrder("", has_protocol=False, has_terminal=True)),
        ("exec:cat a:b", ShellOrder("cat a:b", has_protocol=False, has_terminal=False)),
        ("shell,v2,raw:x", ShellOrder("x", has_protocol=True, has_terminal=False)),
        ("shell,v2:x", ShellOrder("x", has_protocol=True, has_terminal=False)),
        ("shell,v2,TERM=xterm,pty:x", ShellOrder("x", True, True, "xterm")),
    ],
)
def test_a_service_string_says_how_to_run(service: str, order: ShellOrder) -> None:
    assert parse_order(service) == order


def test_other_services_are_no_shell() -> None:
    assert parse_order("sync:") is None


def test_exit_codes_and_streams_come_apart(either: Handle) -> None:
    done = either.adb("shell", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_bytes_come_as_they_are(either: Handle) -> None:
    octal = "".join(f"\\{number:03o}" for number in range(256))
    done = either.adb("exec-out", f"printf '{octal}'")
    assert done.stdout == bytes(range(256))


def test_a_program_reads_what_the_host_types(either: Handle) -> None:
    rack, serial = either.rack, either.phone.serial
    done = subprocess.run(
        [rack.adb_path, "-P", str(rack.server_port), "-s", serial, "shell", "cat | wc -c"],
        input=bytes(300_000),
        env=rack.environment(),
        capture_output=True,
        timeout=30,
    )
    assert done.stdout.split() == [b"300000"]


def test_a_program_killed_by_a_signal_ends_with_its_number(either: Handle) -> None:
    assert either.adb("shell", "kill -9 $$").returncode == 137


def test_a_terminal_is_one(either: Handle) -> None:
    done = either.adb("shell", "-tt", "tty; stty size 2>/dev/null; exit 3")
    assert b"/dev/pts/" in done.stdout
    assert done.returncode == 3


def test_fifty_shells_run_at_once(either: Handle) -> None:
    codes: dict[int, int] = {}

    def run(number: int) -> None:
        codes[number] = either.adb("shell", f"sleep 0.5; exit {number}").returncode

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {number: number for number in range(50)}


def test_adbutils_gets_its_answers(either: Handle) -> None:
    device = adbutils.AdbClient(port=either.rack.server_port).device(either.phone.serial)
    assert device.shell("getprop ro.product.model") == "Pixel 4"
    assert device.shell2("(exit 3)").returncode == 3
    assert device.shell2("echo err >&2; exit 4", v2=True).returncode == 4


def test_a_detached_program_outlives_its_shell(retail: Handle) -> None:
    pid = retail.shell("setsid sleep 987 </dev/null >/dev/null 2>&1 & echo $!").strip()
    assert "sleep 987 " in retail.shell(ALL_COMMANDS)
    retail.shell(f"kill {pid}")


def test_a_program_is_told_when_the_host_hangs_up(retail: Handle) -> None:
    rack = retail.rack
    words = [rack.adb_path, "-P", str(rack.server_port), "-s", retail.phone.serial]
    host = subprocess.Popen([*words, "shell", "exec sleep 654"], env=rack.environment())
    try:
        assert eventually(lambda: "sleep 654 " in retail.shell(ALL_COMMANDS))
    finally:
        host.kill()
        host.wait()
    assert eventually(lambda: "sleep 654 " not in retail.shell(ALL_COMMANDS))


def test_a_command_costs_little(retail: Handle) -> None:
    retail.shell("true")
    started = time.monotonic()
    for _ in range(10):
        retail.shell("true")
    assert time.monotonic() - started < 3, "7 ms each where nothing else runs"


def test_a_phone_without_shell_v2_loses_exit_codes(start) -> None:  # type: ignore[no-untyped-def]
    old = start(knobs={"shell_v2": False})
    done = old.adb("shell", "echo err >&2; exit 7")
    assert (done.returncode, done.stdout) == (0, b"err\n")
