import os
from pathlib import Path

import adbutils
import pytest

from .conftest import Handle


def test_a_file_comes_back_as_it_went(either: Handle, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_001))
    assert either.adb("push", str(source), "/data/local/tmp/there").returncode == 0
    assert either.adb("pull", "/data/local/tmp/there", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    digest = either.shell("sha256sum /data/local/tmp/there").split()[0]
    import hashlib

    assert digest == hashlib.sha256(source.read_bytes()).hexdigest()


def test_pushed_files_belong_to_the_shell(either: Handle, tmp_path: Path) -> None:
    source = tmp_path / "tool"
    source.write_text("#!/system/bin/sh\necho ran\n")
    source.chmod(0o755)
    either.adb("push", str(source), "/data/local/tmp/tool")
    assert either.shell("stat -c '%U %a' /data/local/tmp/tool") == "shell 777\n"
    assert either.shell("/data/local/tmp/tool") == "ran\n"


def test_a_hundred_megabytes_go_through(retail: Handle, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(bytes(100 * 1024 * 1024))
    assert retail.adb("push", str(source), "/data/local/tmp/big").returncode == 0
    assert retail.shell("stat -c %s /data/local/tmp/big; rm /data/local/tmp/big") == "104857600\n"


def test_old_requests_are_answered(either: Handle, tmp_path: Path) -> None:
    sync = adbutils.AdbClient(port=either.rack.server_port).device(either.phone.serial).sync
    sync.push(b"hello", "/data/local/tmp/old")
    assert sync.stat("/data/local/tmp/old").size == 5
    assert sync.stat("/data/local/tmp/missing").mode == 0
    assert "old" in [entry.path for entry in sync.list("/data/local/tmp")]
    assert sync.read_bytes("/data/local/tmp/old") == b"hello"


def test_a_missing_file_is_said_to_be_missing(either: Handle, tmp_path: Path) -> None:
    done = either.adb("pull", "/data/local/tmp/none", str(tmp_path / "none"))
    assert done.returncode == 1
    assert b"No such file" in done.stderr + done.stdout


@pytest.mark.parametrize("target", ["/system/bin/evil", "/data/evil", "/sys/evil", "/evil"])
def test_a_retail_shell_may_not_write_there(retail: Handle, tmp_path: Path, target: str) -> None:
    (tmp_path / "evil").write_text("x")
    assert retail.adb("push", str(tmp_path / "evil"), target).returncode == 1


def test_links_made_in_the_phone_lead_nowhere_else(retail: Handle, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this computer")
    retail.shell(f"ln -sf {secret} /data/local/tmp/out; ln -sf / /data/local/tmp/root")
    done = retail.adb("pull", "/data/local/tmp/out", str(tmp_path / "got"))
    assert done.returncode == 1
    retail.adb("pull", f"/data/local/tmp/root{secret}", str(tmp_path / "got"))
    retail.adb("push", __file__, "/data/local/tmp/out")
    assert not (tmp_path / "got").exists()
    assert secret.read_text() == "of this computer"
    retail.shell("rm -f /data/local/tmp/out /data/local/tmp/root")


def test_listing_shows_entries(either: Handle) -> None:
    either.shell("mkdir -p /data/local/tmp/folder; echo x > /data/local/tmp/folder/inside")
    listed = either.adb("ls", "/data/local/tmp/folder").stdout.decode()
    assert "inside" in listed
