import inspect

from ibd_mobile.core import errors
from ibd_mobile.core.errors import ExitCode, IbdError, PayloadStatus
from ibd_mobile.workers import loop

LEAVES = [
    c
    for c in vars(errors).values()
    if inspect.isclass(c) and issubclass(c, IbdError) and c is not IbdError
]


def test_a_message_has_subject_fact_and_on_the_next_line_one_thing_to_try() -> None:
    error = errors.PhoneGone("sd855", "left the bus", "Check the cable.")
    assert str(error) == "sd855: left the bus\n  Check the cable."
    assert str(errors.HostError("adb", "is missing")) == "adb: is missing"


def test_every_error_has_an_exit_code_of_the_design() -> None:
    codes = {c.exit_code for c in LEAVES}
    assert codes == {
        ExitCode.INPUT, ExitCode.HOST, ExitCode.PHONE, ExitCode.RUN, ExitCode.VALIDITY,
        ExitCode.DATA,
    }  # fmt: skip


def test_only_a_phone_that_left_is_worth_another_try() -> None:
    assert [c.__name__ for c in LEAVES if c.transient] == ["PhoneGone"]


def test_the_statuses_of_workers_are_those_of_payloads() -> None:
    for status in loop.Status:
        assert PayloadStatus[status.name] == status.value


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    for leaf in LEAVES:
        assert leaf.__name__ in (errors.__doc__ or "")
