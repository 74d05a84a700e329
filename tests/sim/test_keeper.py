import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from ibd_mobile.sim.namespace import package_path

from .conftest import WHEEL_ADB, eventually


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_server_goes_with_its_keeper_and_with_the_lifeline(tmp_path: Path) -> None:
    for way in ("lifeline", "kill"):
        theirs, ours = os.pipe()
        environment = {
            **os.environ,
            "PYTHONPATH": package_path(),
            "HOME": str(tmp_path),
            "ADB_USB": "0",
            "ADB_MDNS": "0",
        }
        words = [sys.executable, "-m", "ibd_mobile.sim.keeper", str(theirs), WHEEL_ADB, "15998"]
        keeper = subprocess.Popen(
            [*words, str(tmp_path)],
            pass_fds=(theirs,),
            env=environment,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(theirs)
        assert eventually(partial(children_of, keeper.pid))
        server = children_of(keeper.pid)[0]
        time.sleep(0.2)
        assert not is_gone(server)
        if way == "kill":
            keeper.kill()
        os.close(ours)
        keeper.wait(timeout=10)
        assert eventually(partial(is_gone, server))
