import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim.namespace import id_map, namespaces_problem, package_path

from .conftest import WHEEL_ADB

_NOBODY = 65534


def test_this_computer_allows_what_phones_need() -> None:
    assert namespaces_problem() is None, "the whole of this folder is skipped otherwise"


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_ids_that_are_lent_are_ours_to_lend(first: int, count: int) -> None:
    lent = id_map(0, f"{first} 0 {count}")
    if lent is not None:
        assert first <= lent[0]
        assert lent[0] + lent[1] <= first + count
        assert lent[1] > 9999, "up to Android's nobody"


def test_a_plain_user_lends_only_himself() -> None:
    assert id_map(1000, "0 0 4294967295") is None


_REFUSED = """
import sys
from pathlib import Path
from ibd_mobile.core.errors import HostError
from ibd_mobile.sim.rack import Rack
try:
    Rack(Path(sys.argv[1]), sys.argv[2])
except HostError as error:
    print(error)
    sys.exit(int(error.exit_code))
"""


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare of util-linux")
def test_a_computer_that_refuses_namespaces_is_told_what_to_do(tmp_path: Path) -> None:
    limited = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh"]
    done = subprocess.run(
        [*words, sys.executable, "-c", _REFUSED, str(tmp_path), WHEEL_ADB],
        env={**os.environ, "PYTHONPATH": package_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if "sh:" in done.stderr:
        pytest.skip("the limit of namespaces cannot be set here")
    assert done.returncode == 4
    assert "does not allow its namespaces" in done.stdout
    assert "unprivileged_userns_clone" in done.stdout
    assert "host_cpu" in done.stdout


_UNPRIVILEGED = """
import sys
from pathlib import Path
from ibd_mobile.sim.rack import Rack
with Rack(Path(sys.argv[1]), sys.argv[2]) as rack:
    phone = rack.start("sd855", knobs={"rooted": True})
    def shell(command):
        done = rack.adb("-s", phone.serial, "shell", command)
        print(command, "->", done.returncode, (done.stdout + done.stderr).decode().strip())
    shell("id -u")
    shell("su -c 'id -u'")
    shell("stat -c %U /data/local/tmp")
    shell("touch /system/x 2>/dev/null")
    shell("getprop ro.product.model")
    shell("test $(cut -d. -f1 /proc/uptime) -lt 60")
    (Path(sys.argv[1]) / "file").write_text("hello")
    file = sys.argv[1] + "/file"
    print(rack.adb("-s", phone.serial, "push", file, "/data/local/tmp/f").returncode)
    shell("cat /data/local/tmp/f")
    phone.set(sysfs_readable=False)
    shell("cat /sys/class/power_supply/battery/capacity 2>/dev/null")
    phone.fault("gone", seconds=1)
"""


def interpreter_of_nobody() -> list[str]:
    """Find a Python that a plain user may run, and that finds what the simulation imports."""
    import msgspec
    import platformdirs

    paths = {package_path()} | {
        str(Path(m.__file__).parent.parent) for m in (msgspec, platformdirs)
    }
    environment = f"PYTHONPATH={':'.join(sorted(paths))}"
    for python in (sys.executable, "/usr/bin/python3"):
        words = ["env", environment, python]
        try:
            done = subprocess.run(
                [*words, "-c", "import msgspec, ibd_mobile.sim.rack"],
                user=_NOBODY,
                group=_NOBODY,
                extra_groups=[],
                capture_output=True,
                cwd="/",
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return words
    return []


@pytest.mark.skipif(os.geteuid() != 0, reason="all of this folder runs as a plain user already")
def test_a_plain_user_has_phones_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    words = interpreter_of_nobody()
    if not words:
        pytest.skip("no Python with msgspec that a plain user may run")
    root = Path("/tmp") / f"ibd-plain-{os.getpid()}"
    root.mkdir(mode=0o700)
    os.chown(root, _NOBODY, _NOBODY)
    adb = root / "adb"
    shutil.copy(WHEEL_ADB, adb)
    adb.chmod(0o755)
    try:
        done = subprocess.run(
            [*words, "-c", _UNPRIVILEGED, str(root), str(adb)],
            user=_NOBODY,
            group=_NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [
            "id -u -> 0 2000",
            "su -c 'id -u' -> 0 0",
            "stat -c %U /data/local/tmp -> 0 shell",
            "touch /system/x 2>/dev/null -> 1 ",
            "getprop ro.product.model -> 0 Pixel 4",
            "test $(cut -d. -f1 /proc/uptime) -lt 60 -> 0 ",
            "0",
            "cat /data/local/tmp/f -> 0 hello",
            "cat /sys/class/power_supply/battery/capacity 2>/dev/null -> 1 ",
        ]
    finally:
        shutil.rmtree(root)
