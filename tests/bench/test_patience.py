from collections.abc import Sequence

import pytest

from ibd_mobile.bench.patience import Patience, Presence
from ibd_mobile.core.errors import PhoneError, PhoneGone, PhoneUnauthorized
from ibd_mobile.core.seams import Completed
from ibd_mobile.machine.local import LocalLink


class FlappingLink(LocalLink):
    """This computer, out of reach for its first commands."""

    def __init__(self, reasons: list[PhoneError]) -> None:
        super().__init__()
        self.reasons = reasons

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        if self.reasons:
            raise self.reasons.pop(0)
        return super().run(argv, timeout_s=timeout_s, check=check)


GONE = PhoneGone("host", "left the bus")
LOCKED = PhoneUnauthorized("host", "has not accepted the key")


def test_a_machine_that_answers_is_not_waited_for() -> None:
    naps: list[float] = []
    Presence(FlappingLink([]), Patience()).wait(naps.append)
    assert naps == []


def test_a_machine_that_comes_back_is_waited_for() -> None:
    naps: list[float] = []
    link = FlappingLink([GONE, LOCKED, GONE])
    Presence(link, Patience()).wait(naps.append)
    assert len(naps) == 3
    assert link.reasons == []


def test_a_machine_that_stays_away_is_given_up() -> None:
    presence = Presence(FlappingLink([GONE, GONE]), Patience(away_s=0.0))
    with pytest.raises(PhoneGone, match="host: away for 0 s: left the bus") as caught:
        presence.wait(lambda _: None)
    assert "ibd-mobile resume" in caught.value.remedy
    assert caught.value.transient


def test_a_key_that_is_not_accepted_in_time_is_told_as_such() -> None:
    presence = Presence(FlappingLink([LOCKED, LOCKED]), Patience(away_s=0.0))
    with pytest.raises(PhoneUnauthorized, match="has not accepted the key"):
        presence.wait(lambda _: None)


def test_an_answer_begins_the_absence_anew() -> None:
    presence = Presence(FlappingLink([]), Patience(away_s=0.0))
    presence.missed(GONE)
    presence.seen()
    presence.missed(GONE)
    with pytest.raises(PhoneGone):
        presence.missed(GONE)
