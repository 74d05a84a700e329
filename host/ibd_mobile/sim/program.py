"""Which programs of this computer serve as a phone's own."""

import os
import shutil
import subprocess
from pathlib import Path

HOST_FOLDER = "/system/host"  #: where the phone sees this computer's /usr/bin
#: Tools that Android has, taken from this computer where its toybox is missing or lacks one.
_WANTED = """
    awk base64 basename cat chmod chown cksum clear cmp comm cp cut date dd df diff dirname
    du echo env expand expr false file find fold getconf grep egrep fgrep gunzip gzip head
    hexdump hostname id join kill less ln ls md5sum mkdir mkfifo mktemp mv nice nl nohup od
    paste patch pgrep pidof pkill printenv printf ps pwd readlink realpath renice rev rm
    rmdir sed seq setsid sha1sum sha224sum sha256sum sha384sum sha512sum sleep sort split
    stat strace strings stty sum sync tac tail tar tee test time timeout top touch tr true
    truncate tty uniq unlink uptime vi vmstat watch wc which who whoami xargs xxd yes zcat
"""
_NOT_FROM_TOYBOX = frozenset({"su", "login", "passwd", "chroot", "mount", "reboot", "toybox"})


def borrowed() -> dict[str, str]:
    """Return tool -> where it lies in the phone, for those that this computer has."""
    home = Path("/usr/bin").resolve()
    found = {}
    for name in _WANTED.split():
        program = Path("/usr/bin", name).resolve()  # past links such as /etc/alternatives
        if program.parent == home and program.exists():
            found[name] = f"{HOST_FOLDER}/{program.name}"
    return found


def toybox_tools() -> list[str]:
    """Name the tools of this computer's toybox, which is Android's own; empty without one."""
    toybox = shutil.which("toybox")
    if not toybox:
        return []
    listed = subprocess.run([toybox], capture_output=True, text=True, check=False).stdout.split()
    return [name for name in listed if name not in _NOT_FROM_TOYBOX and name[0] not in "[-"]


def shell_path() -> str:
    """Find the shell that is nearest to Android's, which is mksh."""
    for name in ("mksh", "dash", "bash", "busybox", "sh"):
        if path := shutil.which(name):
            return os.path.realpath(path)
    return os.path.realpath("/bin/sh")
