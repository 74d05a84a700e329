"""The link against a simulated phone behind real adb servers, Debian's and the wheel's."""

import hashlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import (
    DataError,
    PayloadFailed,
    PayloadTimeout,
    PhoneError,
    PhoneGone,
    PhoneUnauthorized,
)
from ibd_mobile.machine.adb import AdbLink, AdbServer, quote
from ibd_mobile.machine.clock import read_clock
from ibd_mobile.machine.link import RootLink
from ibd_mobile.machine.wire import Wire
from ibd_mobile.sim.rack import Rack

from .conftest import Handset, adb_programs

Start = Callable[..., Handset]
SHORT_S = 20.0
words = st.text(st.characters(exclude_characters="\0\1", exclude_categories=["Cs"]), max_size=20)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@given(st.lists(words, min_size=1, max_size=6))
def test_quoted_words_are_what_a_shell_sees(argv: list[str]) -> None:
    text = quote(["printf", "%s\\0", *argv])
    said = subprocess.run(["sh", "-c", text], capture_output=True, check=True).stdout
    assert said.decode().split("\0")[:-1] == argv


@pytest.mark.parametrize("word", ["if", "A=b", "~", "!", "{", "time", "alias"])
def test_a_first_word_is_a_program_and_no_grammar(word: str) -> None:
    done = subprocess.run(["sh", "-c", quote([word, "1"])], capture_output=True, check=False)
    assert done.returncode in (127, 1)
    assert b"ntax" not in done.stderr


@pytest.mark.parametrize("argv", [[], ["a\0b"]])
def test_what_is_no_command_is_a_mistake_of_ours(argv: list[str]) -> None:
    with pytest.raises(ValueError, match="not a command"):
        quote(argv)


def test_it_is_a_link_that_may_be_root(handset: Handset) -> None:
    assert isinstance(handset.link, RootLink)
    assert handset.link.name == handset.phone.serial


def test_a_connected_phone_is_listed(rack: Rack, handset: Handset) -> None:
    listed = {d.serial: d for d in AdbServer(rack.server_port).devices()}
    assert listed[handset.phone.serial].state == "device"
    assert listed[handset.phone.serial].model == "Pixel_4"


def test_words_arrive_on_the_phone_as_they_are(handset: Handset) -> None:
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(words, min_size=1, max_size=6))
    def law(argv: list[str]) -> None:
        done = handset.link.run(["printf", "%s\\1", *argv], timeout_s=SHORT_S)
        assert done.output.split("\1")[:-1] == argv

    law()


def test_a_command_tells_its_outputs_and_its_code(start: Start) -> None:
    for has_packets in (True, False):
        link = start(shell_v2=has_packets).link
        done = link.run(["sh", "-c", "echo a;echo b >&2;exit 7"], timeout_s=SHORT_S, check=False)
        assert (done.output, done.code) == ("a\nb\n", 7)
        with pytest.raises(PayloadFailed, match="sh: ended with 7: b") as caught:
            link.run(["sh", "-c", "echo a;echo b >&2;exit 7"], timeout_s=SHORT_S)
        assert caught.value.code == 7


def test_an_old_phone_with_small_packets_is_understood(start: Start, tmp_path: Path) -> None:
    link = start(max_payload=4096, shell_v2=False).link
    done = link.run(["sh", "-c", "seq 1 5000"], timeout_s=SHORT_S)
    assert done.output == "".join(f"{n}\n" for n in range(1, 5001))
    content = os.urandom(100_000)
    (tmp_path / "a").write_bytes(content)
    link.push(tmp_path / "a", f"{link.root}/a", sha256=sha256(content))
    link.pull(f"{link.root}/a", tmp_path / "b", limit_bytes=100_000)
    assert (tmp_path / "b").read_bytes() == content


def test_a_phone_that_dies_in_mid_command_is_never_a_success(handset: Handset) -> None:
    argv = ["sh", "-c", "seq 1 400"]
    whole = handset.link.run(argv, timeout_s=SHORT_S)
    size = len(whole.output)
    deaths = 0
    for count in (0, 1, 5, 6, 100, size // 2, size - 1, size, size + 5, size + 18, size + 22):
        handset.phone.fault("die_after_bytes", byte_count=count)
        try:
            assert handset.link.run(argv, timeout_s=SHORT_S) == whole
        except PhoneGone:
            deaths += 1
        handset.phone.clear_faults()
        handset.link.reconnect(SHORT_S)
    assert deaths >= 10


def test_a_phone_that_dies_while_a_command_runs_is_named(handset: Handset) -> None:
    timer = threading.Timer(0.7, lambda: handset.phone.fault("gone"))
    timer.start()
    began = time.monotonic()
    with pytest.raises(PhoneGone, match=handset.phone.serial) as caught:
        handset.link.run(["sh", "-c", "echo begin;sleep 8;echo end"], timeout_s=SHORT_S)
    timer.join()
    assert time.monotonic() - began < 6
    assert caught.value.remedy


def test_a_killed_adb_server_is_a_phone_that_is_gone(rack: Rack, tmp_path: Path) -> None:
    for adb in adb_programs():
        with Rack(tmp_path / Path(adb).parent.name, adb) as own:
            phone = own.start("sd855")
            link = AdbLink(AdbServer(own.server_port), phone.serial)
            link.run(["echo"], timeout_s=SHORT_S)
            timer = threading.Timer(0.5, kill_server, [own.server_port])
            timer.start()
            with pytest.raises(PhoneGone):
                link.run(["sleep", "8"], timeout_s=SHORT_S)
            timer.join()
            with pytest.raises(PhoneGone, match="cannot be reached"):
                link.run(["echo"], timeout_s=SHORT_S)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", own.server_port), timeout=1)


def kill_server(port: int) -> None:
    with Wire(("127.0.0.1", port), 5) as wire:
        wire.ask("host:kill")


def test_a_command_that_takes_too_long_is_told_from_a_dead_phone(handset: Handset) -> None:
    handset.link.run(["echo"], timeout_s=SHORT_S)
    with pytest.raises(PayloadTimeout, match=r"sleep: did not end within 0.5 s"):
        handset.link.run(["sleep", "5"], timeout_s=0.5)
    handset.phone.fault("offline")
    began = time.monotonic()
    with pytest.raises(PhoneGone):
        handset.link.run(["sleep", "5"], timeout_s=0.5)
    assert time.monotonic() - began < 12


def test_what_runs_on_in_the_background_does_not_hold_the_answer(handset: Handset) -> None:
    began = time.monotonic()
    script = "nohup sleep 6 >/dev/null 2>&1 </dev/null & echo started"
    assert handset.link.run(["sh", "-c", script], timeout_s=SHORT_S).output == "started\n"
    assert time.monotonic() - began < 4


def test_a_phone_that_does_not_know_this_computer_says_what_to_do(handset: Handset) -> None:
    handset.phone.fault("unauthorized")
    with pytest.raises(PhoneUnauthorized, match="has not accepted this computer's adb key") as at:
        handset.link.reconnect(SHORT_S)
    assert "Allow USB debugging" in at.value.remedy
    with pytest.raises(PhoneUnauthorized):
        handset.link.run(["echo"], timeout_s=SHORT_S)
    handset.phone.clear_faults()
    handset.link.reconnect(SHORT_S)
    handset.link.run(["echo"], timeout_s=SHORT_S)


def test_a_serial_that_nobody_has_is_shown_with_those_there_are(
    rack: Rack, handset: Handset
) -> None:
    link = AdbLink(AdbServer(rack.server_port), "2f019965")
    with pytest.raises(PhoneError, match="2f019965: is not connected") as caught:
        link.run(["echo"], timeout_s=SHORT_S)
    assert not isinstance(caught.value, PhoneGone)
    assert f"{handset.phone.serial} (device)" in caught.value.problem


def test_a_phone_that_reboots_is_found_again_with_a_new_boot(handset: Handset) -> None:
    before = read_clock(handset.link)
    handset.phone.fault("reboot", seconds=2)
    with pytest.raises(PhoneGone) as caught:
        handset.link.run(["sleep", "3"], timeout_s=SHORT_S)
    assert caught.value.transient
    handset.link.reconnect(SHORT_S)
    after = read_clock(handset.link)
    assert after.boot_id != before.boot_id


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3 << 20])
def test_a_file_goes_there_and_comes_back(handset: Handset, tmp_path: Path, size: int) -> None:
    link, content = handset.link, os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    target = f"{link.root}/store/it's a $name"
    assert link.push(tmp_path / "a", target, sha256=sha256(content)) == size
    assert link.push(tmp_path / "a", target, sha256=sha256(content)) == 0
    assert link.pull(target, tmp_path / "b", limit_bytes=size) == size
    assert (tmp_path / "b").read_bytes() == content
    mode = link.run(["stat", "-c", "%a", target], timeout_s=SHORT_S).output.strip()
    assert mode == "755"


def test_a_file_that_changed_is_pushed_anew(handset: Handset, tmp_path: Path) -> None:
    link = handset.link
    for content in (b"one", b"two"):
        (tmp_path / "a").write_bytes(content)
        assert link.push(tmp_path / "a", f"{link.root}/a", sha256=sha256(content)) == 3
    assert link.run(["cat", f"{link.root}/a"], timeout_s=SHORT_S).output == "two"


def test_a_phone_that_dies_in_mid_push_has_no_half_file(handset: Handset, tmp_path: Path) -> None:
    link, content = handset.link, os.urandom(48 << 20)
    (tmp_path / "a").write_bytes(content)
    target = f"{link.root}/store/a"
    link.run(["mkdir", "-p", f"{link.root}/store"], timeout_s=SHORT_S)
    parts = handset.data / "local/tmp/ibd-mobile/store"
    cut = threading.Event()

    def cut_in_mid_push() -> None:
        while not cut.is_set():
            if any(p.stat().st_size > 1 << 20 for p in parts.glob("a.part-*")):
                handset.phone.fault("gone", seconds=1)
                return
            time.sleep(0.001)

    thread = threading.Thread(target=cut_in_mid_push)
    thread.start()
    try:
        with pytest.raises(PhoneGone):
            link.push(tmp_path / "a", target, sha256=sha256(content))
    finally:
        cut.set()
        thread.join()
    link.reconnect(SHORT_S)
    assert link.run(["ls", target], timeout_s=SHORT_S, check=False).code != 0
    assert link.push(tmp_path / "a", target, sha256=sha256(content)) == len(content)
    listed = link.run(["ls", f"{link.root}/store"], timeout_s=SHORT_S).output.split()
    assert listed == ["a"], "what the broken push left was swept"


def test_a_phone_that_dies_in_mid_pull_leaves_no_file_here(
    handset: Handset, tmp_path: Path
) -> None:
    link, content = handset.link, os.urandom(4 << 20)
    (tmp_path / "a").write_bytes(content)
    link.push(tmp_path / "a", f"{link.root}/a", sha256=sha256(content))
    for count in (300, 100_000, 3 << 20):
        handset.phone.fault("die_after_bytes", byte_count=count)
        with pytest.raises(PhoneGone):
            link.pull(f"{link.root}/a", tmp_path / "got" / "a", limit_bytes=len(content))
        assert list((tmp_path / "got").glob("*")) == [] if (tmp_path / "got").exists() else True
        handset.phone.clear_faults()
        link.reconnect(SHORT_S)


def test_a_phone_without_room_is_told_in_numbers(handset: Handset, tmp_path: Path) -> None:
    link, content = handset.link, os.urandom(9 << 20)
    (tmp_path / "a").write_bytes(content)
    handset.phone.fault("disk_full", free_bytes=3 << 20)
    with pytest.raises(PhoneError, match=r"needs 9\.0 MiB, \d\.\d MiB free") as caught:
        link.push(tmp_path / "a", f"{link.root}/a", sha256=sha256(content))
    assert not isinstance(caught.value, PhoneGone)
    assert link.run(["ls", "-A", link.root], timeout_s=SHORT_S).output.split() == []


def test_a_file_that_arrives_with_another_hash_gets_no_final_name(
    handset: Handset, tmp_path: Path
) -> None:
    link = handset.link
    (tmp_path / "a").write_bytes(b"content")
    with pytest.raises(PhoneError, match="arrived damaged: its hash there is ed7002b439e9"):
        link.push(tmp_path / "a", f"{link.root}/a", sha256=sha256(b"other"))
    assert link.run(["ls", "-A", link.root], timeout_s=SHORT_S).output == ""


def test_a_folder_that_takes_no_file_is_named(handset: Handset, tmp_path: Path) -> None:
    link = handset.link
    (tmp_path / "a").write_bytes(b"x")
    script = 'mkdir -p "$1/shut";chmod 555 "$1/shut"'
    link.run(["sh", "-c", script, "sh", link.root], timeout_s=SHORT_S)
    with pytest.raises(PhoneError, match=r"the phone refused it: .*ermission denied"):
        link.push(tmp_path / "a", f"{link.root}/shut/a", sha256=sha256(b"x"))
    with pytest.raises(PhoneError, match=r"no place to push to: .*ermission denied"):
        link.push(tmp_path / "a", f"{link.root}/shut/deep/a", sha256=sha256(b"x"))


def test_what_must_not_be_pulled_is_not(handset: Handset, tmp_path: Path) -> None:
    link = handset.link
    script = (
        'mkdir -p "$1/folder"; cd "$1"; echo 12345678901 >large; ln -s /proc/version link;'
        "ln -s /data/local out; echo x >/data/local/tmp/secret"
    )
    link.run(["sh", "-c", script, "sh", link.root], timeout_s=SHORT_S)
    for name, text in {
        "missing": "is not there",
        "large": r"has 0\.0 MiB, more than",
        "link": "is a link, a folder or lies outside",
        "out/tmp/secret": "is a link, a folder or lies outside",
        "folder": "is a link, a folder or lies outside",
        "../secret": "lies outside",
    }.items():
        with pytest.raises(DataError, match=text):
            link.pull(f"{link.root}/{name}", tmp_path / "got", limit_bytes=10)
    assert not (tmp_path / "got").exists()


def test_only_what_is_under_the_root_is_touched(handset: Handset, tmp_path: Path) -> None:
    link = handset.link
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(PhoneError, match="nothing was pushed"):
        link.push(tmp_path / "a", "/data/local/tmp/a", sha256=sha256(b"x"))
    for path in (link.root, "/data/local/tmp", f"{link.root}/../x", "/"):
        with pytest.raises(PhoneError, match="nothing was deleted"):
            link.remove(path)
    link.push(tmp_path / "a", f"{link.root}/jobs/1/a", sha256=sha256(b"x"))
    link.remove(f"{link.root}/jobs/1")
    link.remove(f"{link.root}/jobs/1")
    assert link.run(["ls", f"{link.root}/jobs"], timeout_s=SHORT_S).output == ""


def test_root_is_had_where_the_phone_gives_it(start: Start) -> None:
    rooted, retail = start(rooted=True).link, start().link
    assert rooted.is_root_available()
    assert rooted.run_root(["id", "-u"], timeout_s=SHORT_S).output == "0\n"
    done = rooted.run_root(["printf", "%s|", "a b", "it's"], timeout_s=SHORT_S)
    assert done.output == "a b|it's|"
    assert not retail.is_root_available()
    with pytest.raises(PhoneError, match="gives no root"):
        retail.run_root(["id"], timeout_s=SHORT_S)


def test_a_phone_that_stays_away_is_not_waited_for_longer_than_asked(handset: Handset) -> None:
    handset.link.run(["echo"], timeout_s=SHORT_S)
    handset.phone.fault("gone")
    began = time.monotonic()
    with pytest.raises(PhoneGone):
        handset.link.reconnect(2.0)
    assert time.monotonic() - began < 20


def test_no_thread_is_left_behind(handset: Handset) -> None:
    before = threading.active_count()
    handset.link.run(["echo"], timeout_s=SHORT_S)
    with pytest.raises(PayloadTimeout):
        handset.link.run(["sleep", "3"], timeout_s=0.3)
    assert threading.active_count() == before
