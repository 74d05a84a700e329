"""Keeps a rack's private adb server, and takes it along when the rack goes, by whatever cause.

Runs as `python -m ibd_mobile.sim.keeper <lifeline fd or -1> <adb> <port> <root>`, where the root
is there for `ps` only.
"""

import contextlib
import os
import select
import signal
import sys
from types import FrameType
from typing import NoReturn

from ibd_mobile.sim import namespace


def _start_server(adb_path: str, port: int) -> int:
    """Start the server as a child that the kernel kills when this process dies."""
    keeper_pid = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        namespace.die_with_parent(keeper_pid)
        os.execv(adb_path, [adb_path, "-P", str(port), "nodaemon", "server"])  # noqa: S606
    finally:
        os._exit(127)


def main() -> NoReturn:
    """Run the server until the rack's end of the lifeline closes or a signal comes."""
    lifeline, adb_path, port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wake(_number: int, _frame: FrameType | None) -> None:
        os.write(wake_write, b"!")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, wake)
    pid = _start_server(adb_path, port)
    select.select([wake_read] + ([lifeline] if lifeline >= 0 else []), [], [])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
