import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest

from ibd_mobile.core.errors import DataError, HostError, PayloadFailed, PayloadTimeout
from ibd_mobile.core.seams import Link
from ibd_mobile.machine.link import RootLink, is_inside
from ibd_mobile.machine.local import LocalLink


@pytest.fixture
def link(tmp_path: Path) -> LocalLink:
    return LocalLink(tmp_path / "root")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_it_is_a_link_that_may_be_root(link: LocalLink) -> None:
    assert isinstance(link, RootLink)
    plain: Link = link
    assert plain.name == "host"
    assert link.is_root_available() == (os.geteuid() == 0)


def test_words_arrive_as_they_are(link: LocalLink) -> None:
    words = ["a b", "$HOME", "it's", "", "*", "-n"]
    assert link.run(["printf", "%s|", *words], timeout_s=10).output == "a b|$HOME|it's||*|-n|"


def test_a_command_that_fails_says_so(link: LocalLink) -> None:
    with pytest.raises(PayloadFailed, match=r"host: sh: ended with 3: no luck") as caught:
        link.run(["sh", "-c", "echo no luck >&2;exit 3"], timeout_s=10)
    assert caught.value.code == 3
    assert link.run(["sh", "-c", "exit 3"], timeout_s=10, check=False).code == 3


def test_codes_are_those_of_a_shell(link: LocalLink, tmp_path: Path) -> None:
    assert link.run(["/nowhere/x"], timeout_s=10, check=False).code == 127
    (tmp_path / "data").write_text("no program")
    assert link.run([str(tmp_path / "data")], timeout_s=10, check=False).code == 126
    assert link.run(["sh", "-c", "kill -9 $$"], timeout_s=10, check=False).code == 137


def test_a_command_that_takes_too_long_is_killed_with_its_children(
    link: LocalLink, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    script = f"sleep 61 & echo $! > {mark}; wait"
    began = time.monotonic()
    with pytest.raises(PayloadTimeout, match=r"did not end within 0.5 s"):
        link.run(["sh", "-c", script], timeout_s=0.5)
    assert time.monotonic() - began < 5
    time.sleep(0.2)
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", mark.read_text().strip()], capture_output=True, check=False
    ).stdout.strip()
    assert state in (b"", b"Z")


def test_a_file_is_copied_once_and_then_known(link: LocalLink, tmp_path: Path) -> None:
    source = tmp_path / "program"
    source.write_bytes(b"content")
    target = f"{link.root}/store/x"
    assert link.push(source, target, sha256=sha256(b"content")) == 7
    assert link.push(source, target, sha256=sha256(b"content")) == 0
    assert os.access(target, os.X_OK)
    assert sorted(p.name for p in Path(target).parent.iterdir()) == ["x"]


def test_a_source_with_another_hash_gets_no_final_name(link: LocalLink, tmp_path: Path) -> None:
    source = tmp_path / "program"
    source.write_bytes(b"content")
    with pytest.raises(HostError, match="has not the hash"):
        link.push(source, f"{link.root}/x", sha256=sha256(b"other"))
    assert list(Path(link.root).iterdir()) == []


def test_a_half_file_of_a_lost_process_is_swept(link: LocalLink, tmp_path: Path) -> None:
    source = tmp_path / "program"
    source.write_bytes(b"content")
    Path(link.root).mkdir()
    (Path(link.root) / "x.part-0123").write_text("half")
    link.push(source, f"{link.root}/x", sha256=sha256(b"content"))
    assert [p.name for p in Path(link.root).iterdir()] == ["x"]


def test_a_file_is_fetched_whole(link: LocalLink, tmp_path: Path) -> None:
    Path(link.root, "job").mkdir(parents=True)
    Path(link.root, "job", "a").write_bytes(b"\0\r\n" * 1000)
    target = tmp_path / "raw" / "a"
    assert link.pull(f"{link.root}/job/a", target, limit_bytes=3000) == 3000
    assert target.read_bytes() == b"\0\r\n" * 1000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing", "is not there"),
        ("large", "has 0.0 MiB, more than"),
        ("link", "is a link"),
        ("linked/secret", "is a link"),
        ("folder", "is no plain file"),
        ("../secret", "lies outside"),
    ],
)
def test_what_must_not_be_fetched_is_not(
    link: LocalLink, tmp_path: Path, name: str, text: str
) -> None:
    root = Path(link.root)
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (root / "large").write_text("x" * 11)
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)
    with pytest.raises(DataError, match=text):
        link.pull(f"{root}/{name}", tmp_path / "got", limit_bytes=10)
    assert not (tmp_path / "got").exists()


def test_only_what_is_under_the_root_is_deleted(link: LocalLink, tmp_path: Path) -> None:
    (tmp_path / "root" / "jobs" / "1").mkdir(parents=True)
    link.remove(f"{link.root}/jobs/1")
    link.remove(f"{link.root}/jobs/1")
    assert not (tmp_path / "root" / "jobs" / "1").exists()
    for path in (str(tmp_path), link.root, f"{link.root}/../x"):
        with pytest.raises(HostError, match="nothing was deleted"):
            link.remove(path)


@pytest.mark.parametrize(
    ("path", "is_in"),
    [
        ("/data/x/job/a", True),
        ("/data/x", False),
        ("/data/xy", False),
        ("/data/x/../y", False),
        ("data/x/a", False),
        ("/data/x/a/", False),
        ("/data/x/a\0b", False),
    ],
)
def test_a_path_inside_is_told_from_one_outside(path: str, is_in: bool) -> None:
    assert is_inside("/data/x", path) is is_in
