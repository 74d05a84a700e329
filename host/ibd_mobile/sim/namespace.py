"""The kernel calls that give a simulated phone its own view of this computer."""

import ctypes
import functools
import os
import struct
import subprocess
import sys
from pathlib import Path

from ibd_mobile.core.errors import HostError

NEW_TIME = 0x80
NEW_MOUNT = 0x20000
NEW_UTS = 0x4000000
NEW_IPC = 0x8000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
_KEPT_FLAGS = 0x1 | 0x2 | 0x4 | 0x8 | 0x400 | 0x800  # read-only, nosuid, nodev, noexec, no*atime
_RELATIME = 0x1000  # as statvfs says it
_MS_RELATIME = 0x200000
_MNT_DETACH = 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_CAPABILITY_VERSION_3 = 0x20080522
_WANTED_ID_COUNT = 65536
_USUAL_BASE_ID = 1_900_000_000  # above what distributions and nspawn hand out
_PROBE_TIMEOUT_S = 20

_libc = ctypes.CDLL(None, use_errno=True)


def _check(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this process namespaces of its own (PID and time: its children)."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system; empty `kind` and `options` mean none."""
    status = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(status, f"mount {source or kind} on {target}")


def bind(source: str, target: str, *, flags: int = 0) -> None:
    """Show a file or folder at a second place; `flags` such as MS_RDONLY hold there only."""
    mount(source, target, flags=MS_BIND | (MS_REC if Path(source).is_dir() else 0))
    if flags:
        # A user namespace must repeat the flags a mount came with, or is refused.
        have = os.statvfs(target).f_flag
        kept = (have & _KEPT_FLAGS) | (_MS_RELATIME if have & _RELATIME else 0)
        mount("", target, flags=MS_BIND | MS_REMOUNT | kept | flags)


def unmount(target: str) -> None:
    """Take a mount away as soon as nobody uses it."""
    _check(_libc.umount2(target.encode(), _MNT_DETACH), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Make a mount the root folder of this mount namespace."""
    _check(_libc.pivot_root(new_root.encode(), put_old.encode()), "pivot_root")


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, by whatever cause."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")
    if os.getppid() not in (parent_pid, 0):  # it died before; 0 = it is outside our PID namespace
        os._exit(1)


def be_dumpable() -> None:
    """Give this process its own files in /proc back after its rights have changed."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")


def set_name(name: str) -> None:
    """Set the name that `ps` shows, at most 15 bytes."""
    _check(_libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """Give up all special rights, for a process that does not go through exec."""
    header = ctypes.create_string_buffer(struct.pack("<Ii", _CAPABILITY_VERSION_3, 0))
    data = ctypes.create_string_buffer(bytes(24))
    _check(_libc.capset(header, data), "capset")


def set_time_offset(offset_ns: int) -> None:
    """Let children see monotonic and boot time shifted by `offset_ns` against this computer's."""
    unshare(NEW_TIME)
    seconds, rest_ns = divmod(offset_ns, 1_000_000_000)
    lines = f"monotonic {seconds} {rest_ns}\nboottime {seconds} {rest_ns}\n"
    descriptor = os.open("/proc/self/timens_offsets", os.O_WRONLY)
    try:
        os.write(descriptor, lines.encode())
    finally:
        os.close(descriptor)


def id_map(euid: int, own_map: str) -> tuple[int, int] | None:
    """Choose which user ids of this computer stand for the phone's 0, 1, 2, ….

    Root may lend a range, so that the phone has a root and a shell and neither is anybody here.

    Args:
        euid: effective user id of this process.
        own_map: content of /proc/self/uid_map.

    Returns:
        First id and count, or None where only the own id can be lent.

    >>> id_map(0, "0 0 4294967295")
    (1900000000, 65536)
    >>> id_map(1000, "0 0 4294967295") is None
    True
    """
    if euid != 0:
        return None
    first, _, count = (int(word) for word in own_map.split()[:3])
    if first <= _USUAL_BASE_ID and first + count >= _USUAL_BASE_ID + _WANTED_ID_COUNT:
        return _USUAL_BASE_ID, _WANTED_ID_COUNT
    if count >= 2 * _WANTED_ID_COUNT // 4:  # a container: take the upper end of what it has
        lent = _WANTED_ID_COUNT // 4
        return first + count - lent, lent
    return None


@functools.cache
def namespaces_problem() -> str | None:
    """Say why no simulated phone can run here, or None if one can.

    Tries it in a process of its own, which takes about 0.1 s, once.
    """
    if not sys.platform.startswith("linux"):
        return f"simulated phones need Linux, this is {sys.platform}"
    done = subprocess.run(
        [sys.executable, "-S", "-m", "ibd_mobile.sim.namespace"],
        capture_output=True,
        text=True,
        timeout=_PROBE_TIMEOUT_S,
        env=python_environment(),
        check=False,
    )
    if done.returncode == 0:
        return None
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def require_namespaces() -> None:
    """Refuse to go on where no simulated phone can run.

    Raises:
        HostError: namespaces are not allowed or the kernel lacks one.
    """
    problem = namespaces_problem()
    if problem is None:
        return
    raise HostError(
        "simulated phone",
        f"this computer does not allow its namespaces ({problem})",
        "Run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1 "
        "kernel.apparmor_restrict_unprivileged_userns=0); in a container start it with "
        "--privileged. Linux 5.6 or newer is needed. `--device host_cpu` works without.",
    )


def python_environment() -> dict[str, str]:
    """Return an environment in which a new interpreter finds what this one has found."""
    path = [package_path(), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def package_path() -> str:
    """Return the folder from which a new interpreter can import this package."""
    return str(Path(__file__).resolve().parent.parent.parent)


def _probe() -> None:
    """Do what a phone needs, in the order in which it is done."""
    unshare(NEW_USER)
    be_dumpable()
    unshare(NEW_PID | NEW_MOUNT | NEW_NET | NEW_UTS | NEW_IPC)
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status))
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", "/tmp", "tmpfs")  # noqa: S108  only a place to mount on
    mount("proc", "/proc", "proc")
    set_time_offset(0)


if __name__ == "__main__":
    try:
        _probe()
    except OSError as error:
        print(error)
        os._exit(1)
