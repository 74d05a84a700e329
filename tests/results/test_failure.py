import pytest

from ibd_mobile.core.errors import DataError, ExitCode, PayloadFailed, PhoneGone
from ibd_mobile.results.failure import failure_of


@pytest.mark.parametrize(
    ("error", "exit_code", "is_transient", "payload_code"),
    [
        (PhoneGone("R58M", "left the bus", "Look at the cable."), ExitCode.PHONE, True, None),
        (PayloadFailed("R58M ibd_bench", "refused the model", code=70), ExitCode.RUN, False, 70),
        (DataError("journal.jsonl", "is cut short"), ExitCode.DATA, False, None),
    ],
)
def test_a_known_error_keeps_all_it_knows(
    error: DataError | PhoneGone | PayloadFailed,
    exit_code: ExitCode,
    is_transient: bool,
    payload_code: int | None,
) -> None:
    failure = failure_of("0123456789ab", error, attempt=2, failed_at="now", has_raw=True)
    assert failure.text == str(error)
    assert failure.kind == type(error).__name__
    assert (failure.exit_code, failure.is_transient) == (exit_code, is_transient)
    assert failure.payload_code == payload_code


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError()])
def test_any_other_error_is_a_bug_with_its_name(error: Exception) -> None:
    failure = failure_of("0123456789ab", error, attempt=1, failed_at="now", has_raw=False)
    assert failure.exit_code == ExitCode.BUG
    assert failure.subject == "job 0123456789ab"
    assert failure.problem == (str(error) or type(error).__name__)
