"""The folder that holds all runs: their names, the newest, a new one."""

import contextlib
import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ibd_mobile.core.errors import HostError, InputError
from ibd_mobile.core.file import sync_folder, write_atomic
from ibd_mobile.core.registry import unknown
from ibd_mobile.results import document
from ibd_mobile.results.archive import INFO, JOBS, LOCK, PARTIAL
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_lock import RunLock

_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_STAMP_LENGTH = 20
#: a folder in the making that is younger may belong to a process that has not locked it yet
_STALE_S = 60.0
_NAMES_COUNT = 1000


def runs(root: Path) -> list[Path]:
    """List the folders of all runs, oldest first."""
    if not root.is_dir():
        return []
    found = [p for p in root.iterdir() if p.name[0] != "." and (p / INFO).is_file()]
    # Names begin with the second of creation; within a second the files' times decide.
    return sorted(found, key=lambda p: (p.name[:_STAMP_LENGTH], (p / INFO).stat().st_mtime_ns))


def latest(root: Path) -> Path:
    """Return the folder of the youngest run.

    Raises:
        InputError: there are no runs.
    """
    found = runs(root)
    if not found:
        raise _no_runs(root)
    return found[-1]


def find(root: Path, id: str) -> Path:
    """Return the folder of the run with that id.

    Raises:
        InputError: there is none; the nearest is offered.
    """
    known = [path.name for path in runs(root)]
    if not known:
        raise _no_runs(root)
    if id not in known:
        raise unknown("run", id, known)
    return root / id


def new_folder(root: Path, plan: RunInfo) -> tuple[Path, RunLock]:
    """Make and lock a run folder under a free name; it appears with its plan inside.

    Raises:
        OSError: no space, no right.
    """
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    _sweep(root)
    now = datetime.now(UTC)
    base = f"{now.strftime(_STAMP)}_{_label(plan)}"
    draft = root / f"{PARTIAL}{base}-{secrets.token_hex(4)}"
    draft.mkdir()
    lock = RunLock(draft / LOCK, f"run {base}")
    (draft / JOBS).mkdir()
    created_at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    for number in range(1, _NAMES_COUNT):
        path = root / (base if number == 1 else f"{base}_{number:02d}")
        if path.exists():
            continue
        info = msgspec.structs.replace(plan, id=path.name, created_at=created_at)
        write_atomic(draft / INFO, document.encode(info))
        try:
            draft.rename(path)
        except OSError:
            if not path.exists():
                raise
            continue  # another process took the name meanwhile
        sync_folder(root)
        return path, lock
    raise HostError(str(root), f"holds too many runs named {base}", "Choose another folder.")


def _label(plan: RunInfo) -> str:
    devices = list(dict.fromkeys(job.device for job in plan.jobs)) or [plan.study.id]
    device = "+".join(devices) if len(devices) <= 2 else f"{len(devices)}-devices"
    return "_".join(re.sub(r"[^0-9A-Za-z.+-]+", "-", part) for part in (device, plan.protocol.id))


def _sweep(root: Path) -> None:
    """Remove new runs whose process was killed before they had their name."""
    for draft in root.glob(f"{PARTIAL}*"):
        # Gone by itself, or locked by a process that is alive: leave it.
        with contextlib.suppress(FileNotFoundError, HostError):
            if draft.is_symlink() or time.time() - draft.stat().st_mtime < _STALE_S:
                continue
            RunLock(draft / LOCK, f"run {draft.name}").release()
            shutil.rmtree(draft)


def _no_runs(root: Path) -> InputError:
    return InputError(str(root), "holds no runs", "Make one with `ibd-mobile run`.")
