from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.errors import PhoneError
from ibd_mobile.machine.clock import parse_clock, read_clock
from ibd_mobile.machine.local import LocalLink


def test_this_computers_clock_advances_and_keeps_its_boot(tmp_path: Path) -> None:
    link = LocalLink(tmp_path)
    first, second = read_clock(link), read_clock(link)
    assert first.boot_id == second.boot_id
    assert len(first.boot_id) == 36
    assert first.boot_ns <= second.boot_ns
    assert first.host_before_ns < first.host_after_ns <= second.host_before_ns


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_an_uptime_is_exact_to_its_last_digit(seconds: int, hundredths: int) -> None:
    text = f"5a3b\n{seconds}.{hundredths:02d} 1.00\n"
    assert parse_clock("x", text) == ("5a3b", seconds * 10**9 + hundredths * 10**7)


@pytest.mark.parametrize("text", ["", "5a3b\n", "5a3b\nsoon\n", "cat: /proc/uptime: denied\n"])
def test_an_answer_that_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(PhoneError, match="does not tell its boot time"):
        parse_clock("2f01", text)
