"""How a step is done: by a program of ours in its own environment, or by a vendor's converter."""

import hashlib
import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from ibd_mobile.convert import program
from ibd_mobile.convert.program import STEPS, Answer
from ibd_mobile.convert.steps.step import COMPARED, Request
from ibd_mobile.convert.task import Task
from ibd_mobile.convert.vendor._command import CHECK_STOP
from ibd_mobile.convert.vendor._made import VendorMade
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.registry import member

_KIB = 1024
VENDORS = "ibd_mobile.convert.vendor"


class Executor(Protocol):
    """Does the steps of one kind."""

    def identity(self, task: Task) -> str:
        """Hash what does the step: another version may make another file."""

    def run(self, task: Task, request: Request) -> Answer:
        """Do it.

        Raises:
            InputError, HostError, RunError, DataError: it was not done.
        """


@dataclass(frozen=True, slots=True)
class Programs:
    """Stand-alone programs of ours, in a folder."""

    check_stop: Callable[[], None] = lambda: None
    folder: Path = STEPS

    def identity(self, task: Task) -> str:
        """Hash the program with what it imports of ours."""
        return program.sha256_with_imports(self._path(task))

    def run(self, task: Task, request: Request) -> Answer:
        """Run the program; see `program.run`."""
        return program.run(self._path(task), request, task.subject, self.check_stop)

    def _path(self, task: Task) -> Path:
        return self.folder / f"{task.step}.py"


class _Vendor(Protocol):
    __file__: str

    def tools(self) -> dict[str, str]: ...

    def convert(self, request: Request) -> VendorMade: ...


@dataclass(frozen=True, slots=True)
class Vendors:
    """Converters of chip makers, one module each."""

    check_stop: Callable[[], None] = lambda: None

    def identity(self, task: Task) -> str:
        """Hash our modules and the versions of the SDK.

        Raises:
            HostError: the SDK is not here.
        """
        vendor = _vendor(task)
        home = Path(vendor.__file__).parent
        ours = [Path(vendor.__file__), *home.glob("_*.py"), *home.glob("_programs/*.py")]
        facts = [sorted(sha256_of(path) for path in ours), vendor.tools()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def run(self, task: Task, request: Request) -> Answer:
        """Run the vendor's programs and believe only its words and its file."""
        start_s = time.monotonic()
        token = CHECK_STOP.set(self.check_stop)
        try:
            made = _vendor(task).convert(request)
        finally:
            CHECK_STOP.reset(token)
        return Answer(
            made=made,
            tools=made.tools,
            wall_s=time.monotonic() - start_s,
            # of the largest child of this process so far: the converter, where it is the largest
            peak_bytes=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB,
            is_compared=(Path(request.folder) / COMPARED).is_file(),
        )


def _vendor(task: Task) -> _Vendor:
    return cast(_Vendor, member(VENDORS, task.step))
