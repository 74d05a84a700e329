"""Makes a phone's tree in a mount namespace of its own, out of a plan."""

# ruff: noqa: PTH101, PTH103, PTH110, PTH112, PTH120, PTH123, PTH211
# Reason: plain os calls: this is copied into every program that the phone starts

import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Any

from ibd_mobile.sim import namespace

_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41


class Builder:
    """Makes the phone's tree out of the plan and moves into it."""

    def __init__(self, plan: dict[str, Any], *, has_many_ids: bool) -> None:
        self._plan = plan
        self._has_many_ids = has_many_ids

    def build(self) -> list[int]:
        """Leave this computer's tree for the phone's.

        Returns:
            Open descriptors of the plan's live nodes, in its order.
        """
        plan = self._plan
        namespace.mount("none", "/", flags=namespace.MS_REC | namespace.MS_PRIVATE)
        # What lies in this computer's tree must be opened while we are still its user.
        sources = [os.open(source, os.O_PATH | os.O_CLOEXEC) for source, _, _ in plan["binds"]]
        copies = [Path(source).read_bytes() for source, _, _ in plan["copies"]]
        owner = "uid=0,gid=0," if self._has_many_ids else ""
        namespace.mount("tmpfs", plan["mount_point"], "tmpfs", options=owner + "mode=755,size=256m")
        os.chdir(plan["mount_point"])
        if self._has_many_ids:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
            namespace.be_dumpable()
        os.umask(0o022)
        self._write(copies)
        for source, (_, target, flags) in zip(sources, plan["binds"], strict=True):
            self._bind(source, target.lstrip("/"), flags)
        self._mount_kernel_file_systems()
        for source, target in plan["masks"]:
            namespace.bind(source.lstrip("/"), target.lstrip("/"))
        for folder in plan["sealed"]:
            namespace.bind(folder.lstrip("/"), folder.lstrip("/"), flags=namespace.MS_RDONLY)
        namespace.pivot_root(".", ".")
        namespace.unmount(".")
        os.chdir("/")
        _bring_up_loopback()
        socket.sethostname("localhost")
        return [os.open(path, os.O_RDWR | os.O_CLOEXEC) for path in plan["live"]]

    def _write(self, copies: list[bytes]) -> None:
        plan = self._plan
        for path, mode, uid in plan["folders"]:
            self._make_folder(path.lstrip("/"), mode, uid)
        for path, mode, uid, text in plan["files"]:
            self._make_file(path.lstrip("/"), mode, uid, text.encode(errors="surrogateescape"))
        for (_, path, mode), content in zip(plan["copies"], copies, strict=True):
            self._make_file(path.lstrip("/"), mode, 0, content)
        for path, target in plan["links"]:
            os.makedirs(os.path.dirname(path.lstrip("/")) or ".", 0o755, exist_ok=True)
            os.symlink(target, path.lstrip("/"))

    def _make_folder(self, path: str, mode: int, uid: int) -> None:
        os.makedirs(path, 0o755, exist_ok=True)
        os.chmod(path, mode)
        self._give(path, uid)

    def _make_file(self, path: str, mode: int, uid: int, content: bytes) -> None:
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        self._give(path, uid)
        os.chmod(path, mode)

    def _give(self, path: str, uid: int) -> None:
        if self._has_many_ids and uid:
            os.chown(path, uid, uid)

    def _bind(self, source: int, target: str, flags: int) -> None:
        path = f"/proc/self/fd/{source}"
        if os.path.isdir(path):
            os.makedirs(target, 0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            if not os.path.exists(target):
                Path(target).touch()
        namespace.bind(path, target, flags=flags)

    def _mount_kernel_file_systems(self) -> None:
        namespace.mount("proc", "proc", "proc", flags=namespace.MS_NOSUID | namespace.MS_NODEV)
        namespace.bind("proc/sys", "proc/sys", flags=namespace.MS_RDONLY)
        namespace.mount("devpts", "dev/pts", "devpts", options="newinstance,ptmxmode=0666,mode=620")
        if self._plan["data_size_bytes"]:
            size = f"size={self._plan['data_size_bytes']},mode=771"
            namespace.mount("tmpfs", "data", "tmpfs", options=size)
            for path, mode, uid in self._plan["data_folders"]:
                self._make_folder(path.lstrip("/"), mode, uid)


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))
