"""One failed attempt at a job, kept beside the jobs that were done."""

from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import ExitCode, IbdError, PayloadFailed


class Failure(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """Why an attempt gave no record; what it had measured is kept too, if it had come that far."""

    schema: Literal[1]
    job_id: str
    attempt: int  #: 1 for the first that failed
    failed_at: str  #: UTC, ISO 8601
    kind: str  #: class of the error: "PhoneGone"
    subject: str
    problem: str
    remedy: str
    exit_code: int
    is_transient: bool
    payload_code: int | None  #: exit status of the program on the device, where one ended badly
    has_raw: bool  #: what was fetched before lies in the folder of the same name

    @property
    def text(self) -> str:
        """Say it as the error itself would be printed."""
        line = f"{self.subject}: {self.problem}"
        return f"{line}\n  {self.remedy}" if self.remedy else line


def failure_of(
    job_id: str, error: BaseException, *, attempt: int, failed_at: str, has_raw: bool
) -> Failure:
    """Make the document for an error; one that is not an `IbdError` counts as a bug of ours."""
    if isinstance(error, IbdError):
        facts = (error.subject, error.problem, error.remedy)
        exit_code, is_transient = error.exit_code, error.transient
    else:
        facts = (f"job {job_id}", str(error) or type(error).__name__, "")
        exit_code, is_transient = ExitCode.BUG, False
    return Failure(
        schema=1,
        job_id=job_id,
        attempt=attempt,
        failed_at=failed_at,
        kind=type(error).__name__,
        subject=facts[0],
        problem=facts[1],
        remedy=facts[2],
        exit_code=int(exit_code),
        is_transient=is_transient,
        payload_code=error.code if isinstance(error, PayloadFailed) else None,
        has_raw=has_raw,
    )
