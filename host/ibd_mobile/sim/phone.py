"""One simulated phone, seen from outside."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ibd_mobile.core.errors import IbdError
from ibd_mobile.sim import control
from ibd_mobile.sim.order import State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POLL_S = 0.02
_STOP_TIMEOUT_S = 10.0


class Phone:
    """One simulated phone, seen from outside."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self.name = folder.name
        self.profile = state.profile
        self.pid = state.pid
        self.port = state.port

    @property
    def serial(self) -> str:
        """What adb calls it."""
        return f"127.0.0.1:{self.port}"

    def fault(self, name: str, **arguments: object) -> None:
        """Let something go wrong now; names and arguments are those of `fault.FAULTS`.

        Raises:
            InputError: there is no such fault or argument.
        """
        control.ask(self._folder, {"op": "fault", "name": name, "arguments": arguments})

    def clear_faults(self) -> None:
        """Make everything work again."""
        control.ask(self._folder, {"op": "clear"})

    def set(self, **knobs: object) -> None:
        """Change the state of the phone; names are those of `knobs.Knobs`.

        Raises:
            InputError: there is no such knob, the value is not right, or it is fixed at the start.
        """
        control.ask(self._folder, {"op": "set", "knobs": knobs})

    def state(self) -> dict[str, Any]:
        """Return the phone's clock, temperatures and battery as they truly are now."""
        told: dict[str, Any] = control.ask(self._folder, {"op": "state"})
        return told

    def truth(self) -> "NDArray[np.void]":
        """Return what really happened since the phone was started.

        Returns:
            (n,) rows with fields as in `truth.TRUTH_FIELDS`; times rise within one boot.
        """
        from ibd_mobile.sim.truth import read_truth

        return read_truth(self._folder / "truth.bin")

    def stop(self) -> None:
        """Switch it off; its userdata stays."""
        with contextlib.suppress(IbdError):
            control.ask(self._folder, {"op": "stop"})
        end(self.pid)


def end(pid: int) -> None:
    """End a process of ours and wait until it is gone."""
    if pid <= 1:  # such numbers mean whole groups of processes to kill(2)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while time.monotonic() < deadline and _is_running(pid):
        time.sleep(_POLL_S)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"
