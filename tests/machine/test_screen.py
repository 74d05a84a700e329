import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.screen import parse_power, read_screen, sleep, wake, wake_by_uiautomator

from .conftest import Handset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  mWakefulness=Awake\n", "on"),
        ("  mWakefulness=Asleep\n", "off"),
        ("  mWakefulness=Dozing\nDisplay Power: state=DOZE\n", "off"),
        ("  mWakefulness=Awake\n  mWakefulnessChanging=false\nDisplay Power: state=OFF\n", "off"),
        ("  mWakefulness=Dreaming\nDisplay Power: state=ON\n", "on"),
        ("mScreenOn=true\n", "on"),
        ("mScreenOn=false\n", "off"),
        ("", "unknown"),
        ("Can't find service: power\n", "unknown"),
    ],
)
def test_the_screen_is_told_from_what_the_power_service_says(text: str, expected: str) -> None:
    assert parse_power(text) == expected


def test_a_machine_without_a_power_service_does_not_tell(tmp_path: Path) -> None:
    assert read_screen(LocalLink(tmp_path)) == "unknown"


def test_a_phone_is_woken_and_put_to_sleep(start: Callable[..., Handset]) -> None:
    link = start(screen_on=False).link
    assert read_screen(link) == "off"
    wake(link)
    assert read_screen(link) == "on"
    wake(link)
    assert read_screen(link) == "on", "the key does not toggle"
    sleep(link)
    assert read_screen(link) == "off"


@pytest.mark.filterwarnings(
    # uiautomator2 forgets sockets where its server does not start
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
def test_uiautomator_says_honestly_that_it_cannot_start(handset: Handset) -> None:
    said = wake_by_uiautomator(handset.link)
    assert said.startswith("uiautomator2 cannot be started there (")
    jar = handset.link.run(["ls", "/data/local/tmp/u2.jar"], timeout_s=20, check=False)
    assert jar.code != 0, "what it brought is taken away again"
    gc.collect()
