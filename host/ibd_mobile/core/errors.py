"""Everything that can go wrong and be told to a person, as one small tree.

IbdError(subject, problem, remedy)
├── InputError 3      a file or a value that a person wrote
├── HostError 4       this computer lacks something
├── PhoneError 5
│   ├── PhoneGone              left the bus in the middle; worth another try
│   ├── PhoneUnauthorized      has not accepted this computer's key
│   └── PhoneNotReady          there, but not fit to be measured
├── RunError 6
│   ├── PayloadFailed          the program on the device ended with an error of its own
│   ├── PayloadTimeout         it did not end in the time it had
│   └── ProcessorUnavailable   the processor asked for is not to be had there
├── ValidityError 7   measured, but spoiled and not allowed
└── DataError 8       a file that a program wrote cannot be read

Raise the leaf nearest to the cause. Catch only to add a subject, to retry what is
`transient`, or (in `cli` alone) to print.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the `ibd-mobile` process tells its caller."""

    DONE = 0
    BUG = 1
    USAGE = 2
    INPUT = 3
    HOST = 4
    PHONE = 5
    RUN = 6
    VALIDITY = 7
    DATA = 8
    SOME_JOBS_FAILED = 9
    REGRESSION = 10
    INTERRUPTED = 130


class IbdError(Exception):
    """An error for people: a subject, a fact about it, and one thing to try.

    Args:
        subject: the phone, job, file or option that the error is about.
        problem: what is the matter with it, as one sentence without a full stop.
        remedy: one thing to try, or "" where nothing can be advised.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    transient: ClassVar[bool] = False

    def __init__(self, subject: str, problem: str, remedy: str = "") -> None:
        super().__init__(subject, problem, remedy)
        self.subject = subject
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        line = f"{self.subject}: {self.problem}"
        return f"{line}\n  {self.remedy}" if self.remedy else line


class InputError(IbdError):
    """A file or a value that a person wrote is not what it should be."""

    exit_code = ExitCode.INPUT


class HostError(IbdError):
    """This computer lacks something: a program, a right, a library, disk space."""

    exit_code = ExitCode.HOST


class PhoneError(IbdError):
    """A phone cannot do what was asked of it."""

    exit_code = ExitCode.PHONE


class PhoneGone(PhoneError):
    """The phone left the bus, or fell silent, in the middle of something."""

    transient = True


class PhoneUnauthorized(PhoneError):
    """The phone has not accepted this computer's adb key."""


class PhoneNotReady(PhoneError):
    """The phone is there, but in no state to be measured."""


class RunError(IbdError):
    """The measured program did not do its work."""

    exit_code = ExitCode.RUN


class PayloadFailed(RunError):
    """A command or the measured program ended with an error.

    Args:
        subject: the phone and the program.
        problem: what it said.
        remedy: one thing to try.
        code: its exit status; 128 + n where signal n ended it.
    """

    def __init__(self, subject: str, problem: str, remedy: str = "", *, code: int) -> None:
        super().__init__(subject, problem, remedy)
        self.code = code


class PayloadTimeout(RunError):
    """The measured program did not end in the time it had."""


class ProcessorUnavailable(RunError):
    """The processor that the job names cannot be used there; nothing else was used instead."""


class ValidityError(IbdError):
    """A number was measured, but a finding spoils it and nobody allowed that."""

    exit_code = ExitCode.VALIDITY


class DataError(IbdError):
    """A file that a program wrote is damaged, cut short or of another version."""

    exit_code = ExitCode.DATA


class PayloadStatus(IntEnum):
    """Exit statuses of `ibd_bench`, `ibd_sampler` and the host workers.

    The same numbers stand in `device_payloads/include/ibd/status.h`; a test holds the two together.
    """

    OK = 0
    USAGE = 64
    MODEL_UNREADABLE = 65
    MODEL_HASH = 66
    INPUT_UNREADABLE = 67
    ENGINE_UNAVAILABLE = 68
    ACCELERATOR_UNAVAILABLE = 69
    MODEL_REFUSED = 70
    INFERENCE_FAILED = 71
    OUTPUT_FAILED = 72
    JOURNAL_FAILED = 73
    CLOCK_FAILED = 74
    OUT_OF_MEMORY = 75
    CHILD_NOT_STARTED = 76
    TIMED_OUT = 77
    NODES_UNREADABLE = 78
    INTERNAL = 79
    DEVICE_LOST = 80
