"""One execution on a machine: started detached, waited for without touching it, brought home.

The sampler runs the measured program as its child and belongs to no adb session, so a cable that
is pulled ends nothing: the traces lie on the phone until somebody fetches them.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ibd_mobile.bench.gates import LastExecution
from ibd_mobile.bench.patience import Patience, Presence
from ibd_mobile.core.errors import PayloadTimeout, PhoneGone, PhoneUnauthorized
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.seams import BroughtFile, Link
from ibd_mobile.core.units import BYTES_PER_MIB
from ibd_mobile.machine.clock import read_clock

_COMMAND_TIMEOUT_S = 20.0
_POLL_S = 0.5
#: outputs of an accuracy job, which are held in memory when they are judged
OUTPUTS_LIMIT_BYTES = 2048 * BYTES_PER_MIB
_LIMITS_BYTES = {
    "sampler.json": BYTES_PER_MIB,
    "samples.tsv": 512 * BYTES_PER_MIB,
    "child.tsv": 64 * BYTES_PER_MIB,
    "journal.jsonl": 512 * BYTES_PER_MIB,
    "outputs.bin": OUTPUTS_LIMIT_BYTES,
}
#: the group, then the process itself. Without "--" the kill of procps takes -1234 for -1, which is
#: every process there is; shells have a kill of their own that does not, and are used therefore
_KILL = 'kill -s KILL -- "-$1";kill -s KILL -- "$1"'
#: file of ours in an execution's folder: the boot in which it was started
_BOOT_FILE = "boot_id"
_OPTIONAL = frozenset({"outputs.bin", "journal.jsonl"})


class _Ended(msgspec.Struct):
    """The two facts of sampler.json that tell when an execution was over."""

    boot_id: str
    end_ns: int


@dataclass(frozen=True, slots=True)
class Recording:
    """How the sampler is to watch the measured program."""

    rate_hz: float
    idle_s: float
    limit_s: float  #: the program is killed after this long
    expected_s: float  #: nothing is asked of the machine for this long


@dataclass
class Execution:
    """One started measured program."""

    link: Link
    nonce: str
    boot_id: str
    recording: Recording
    sleep: Callable[[float], None] = time.sleep
    presence: Presence | None = None  #: None = of ordinary patience

    @property
    def folder(self) -> str:
        """The job's folder on the machine."""
        return f"{self.link.root}/jobs/{self.nonce}"

    def wait(self) -> None:
        """Return when the sampler has written its summary.

        For as long as the measurement should take, the machine is left alone: a poll over adb
        costs CPU time on the phone. A phone that goes away meanwhile is waited for.

        Raises:
            PayloadTimeout: it runs longer than it may.
            PhoneGone: away for longer than patience allows, or it rebooted meanwhile.
            PhoneUnauthorized, HostError: it cannot be reached any more, as `Presence.missed`.
        """
        self.sleep(self.recording.expected_s)
        presence = self.presence or Presence(self.link, Patience())
        late_s = 0.0
        while late_s <= self.recording.limit_s:
            try:
                is_over = self._is_over()
                boot_id = self.boot_id if is_over else read_clock(self.link).boot_id
            except (PhoneGone, PhoneUnauthorized) as reason:
                presence.missed(reason)
            else:
                presence.seen()
                if is_over:
                    return
                self._check_boot(boot_id)
            self.sleep(_POLL_S)
            late_s += _POLL_S
        raise PayloadTimeout(self.link.name, f"the program ran on after {late_s:.0f} s")

    def _is_over(self) -> bool:
        path = f"{self.folder}/sampler.json"
        return self.link.run(["ls", path], timeout_s=_COMMAND_TIMEOUT_S, check=False).code == 0

    def _check_boot(self, boot_id: str) -> None:
        if boot_id != self.boot_id:
            raise PhoneGone(
                self.link.name,
                "rebooted in the middle of a measurement",
                "The job is run again after the protocol's rest.",
            )

    def collect(self, raw: Path) -> None:
        """Bring the payload's files home, byte for byte.

        A phone that goes away meanwhile is waited for: what it measured still lies there.

        Raises:
            PhoneGone: away for longer than patience allows; what is there already is whole.
            PhoneUnauthorized, HostError: it cannot be reached any more, as `Presence.missed`.
            DataError: a file that must be there is missing or too large.
        """
        presence = self.presence or Presence(self.link, Patience())
        while True:
            try:
                self._fetch(raw)
            except (PhoneGone, PhoneUnauthorized) as reason:
                presence.missed(reason)
            else:
                presence.seen()
                return
            self.sleep(_POLL_S)

    def _fetch(self, raw: Path) -> None:
        """Fetch what is not here yet; a file that is here is whole."""
        listing = self.link.run(["ls", self.folder], timeout_s=_COMMAND_TIMEOUT_S).output.split()
        for name, limit_bytes in _LIMITS_BYTES.items():
            is_absent = name in _OPTIONAL and name not in listing
            if not is_absent and not (raw / name).is_file():
                self.link.pull(f"{self.folder}/{name}", raw / name, limit_bytes=limit_bytes)


def bring(link: Link, files: Sequence[BroughtFile]) -> tuple[dict[str, str], dict[str, str], int]:
    """Push files into the machine's store, where a file's name is its hash.

    Returns:
        role -> absolute path on the machine; role -> sha256; bytes that were sent.

    Raises:
        PhoneGone, PhoneError: as `Link.push`.
    """
    paths, hashes, sent_bytes = {}, {}, 0
    for file in files:
        sha256 = sha256_of(file.source)
        target = f"{link.root}/store/{sha256}"
        sent_bytes += link.push(file.source, target, sha256=sha256)
        paths[file.role], hashes[file.role] = target, sha256
    return paths, hashes, sent_bytes


def start(
    link: Link, paths: dict[str, str], argv: Sequence[str], recording: Recording, boot_id: str
) -> Execution:
    """Start a measured program under the sampler and return at once.

    Args:
        link: the machine.
        paths: role -> path there; "sampler" and "nodes" among them.
        argv: words of the program with "{role}", "{folder}", "{journal}" and "{nonce}" to fill in.
        recording: how it is watched.
        boot_id: of the machine's present boot.
    """
    execution = Execution(link, secrets.token_hex(16), boot_id, recording)
    folder = execution.folder
    words = ["sh", "-c", 'mkdir -p "${1%/*}"&&echo "$2">"$1"', "sh", f"{folder}/{_BOOT_FILE}"]
    link.run([*words, boot_id], timeout_s=_COMMAND_TIMEOUT_S)
    blanks = {
        **paths,
        "folder": folder,
        "journal": f"{folder}/journal.jsonl",
        "nonce": execution.nonce,
    }
    words = [word.format_map(blanks) if word.startswith("{") else word for word in argv]
    link.run(
        [
            paths["sampler"], "--detach", "--out", folder, "--nonce", execution.nonce,
            "--rate-hz", f"{recording.rate_hz:g}", "--nodes", paths["nodes"],
            "--before-s", f"{recording.idle_s:g}", "--after-s", f"{recording.idle_s:g}",
            "--max-s", f"{recording.limit_s:g}", "--", *words,
        ],
        timeout_s=_COMMAND_TIMEOUT_S,
    )  # fmt: skip
    return execution


def last_execution(link: Link) -> LastExecution | None:
    """Find out when this machine last worked for us, and end what a lost session left running.

    A job's folder stays on the machine until the next job starts there, so the machine itself
    keeps the time of its last execution, whichever computer asks.
    """
    listing = link.run(["ls", f"{link.root}/jobs"], timeout_s=_COMMAND_TIMEOUT_S, check=False)
    if listing.code != 0:
        return None
    ends = [e for name in listing.output.split() if (e := _end_of(link, name)) is not None]
    return max(ends, key=lambda e: e.end_ns, default=None)


def forget_executions(link: Link) -> None:
    """Remove the folders of former jobs from the machine."""
    link.run(["rm", "-rf", f"{link.root}/jobs"], timeout_s=_COMMAND_TIMEOUT_S)


def _end_of(link: Link, name: str) -> LastExecution | None:
    if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
        return None  # no folder of ours
    folder = f"{link.root}/jobs/{name}"
    summary = link.run(["cat", f"{folder}/sampler.json"], timeout_s=_COMMAND_TIMEOUT_S, check=False)
    if summary.code == 0:
        try:
            ended = msgspec.json.decode(summary.output, type=_Ended)
        except msgspec.DecodeError:
            pass  # damaged: as if it had just ended
        else:
            return LastExecution(ended.boot_id, ended.end_ns)
    now = read_clock(link)
    begun = _boot_of(link, folder)
    if begun and begun != now.boot_id:
        return LastExecution(begun, 0)  # a reboot ended it
    _end_left_over(link, folder, name)
    return LastExecution(now.boot_id, now.boot_ns)


def _boot_of(link: Link, folder: str) -> str:
    """Return the boot id in which an unfinished execution was started; "" if it does not tell."""
    path = f"{folder}/{_BOOT_FILE}"
    told = link.run(["cat", path], timeout_s=_COMMAND_TIMEOUT_S, check=False)
    return told.output.strip() if told.code == 0 else ""


def _end_left_over(link: Link, folder: str, nonce: str) -> None:
    """Kill the process group of an unfinished execution, if the pid is still that process."""
    pid = link.run(["cat", f"{folder}/sampler.pid"], timeout_s=_COMMAND_TIMEOUT_S, check=False)
    number = pid.output.strip()
    if pid.code != 0 or not number.isdigit():
        return
    command = link.run(
        ["cat", f"/proc/{number}/cmdline"], timeout_s=_COMMAND_TIMEOUT_S, check=False
    )
    if nonce in command.output:
        link.run(["sh", "-c", _KILL, "sh", number], timeout_s=_COMMAND_TIMEOUT_S, check=False)
