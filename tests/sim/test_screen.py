from ibd_mobile.sim.screen import Screen


def test_a_wish_is_followed_once() -> None:
    screen = Screen(is_on=False)
    screen.wish("screen_on", "1 20.5", 20.5)
    assert screen.is_on
    screen.set(is_on=False)
    screen.wish("screen_on", "1 20.5", 21)
    assert not screen.is_on, "the same text is no new wish"


def test_it_goes_dark_after_its_time() -> None:
    screen = Screen(is_on=False)
    screen.wish("screen_timeout_ms", "5000", 0)
    screen.wish("screen_on", "1 a", 10)
    screen.pass_time(14.9, is_plugged=False)
    assert screen.is_on
    screen.pass_time(15.0, is_plugged=False)
    assert not screen.is_on


def test_staying_on_needs_a_cable() -> None:
    screen = Screen(is_on=False)
    screen.wish("stay_on", "7", 0)
    screen.wish("screen_on", "1 a", 0)
    screen.pass_time(1000, is_plugged=True)
    assert screen.is_on
    screen.pass_time(1000, is_plugged=False)
    assert not screen.is_on


def test_nonsense_is_no_wish() -> None:
    screen = Screen(is_on=False)
    for text in ("", "on", "one 5"):
        screen.wish("screen_on", text, 0)
    assert not screen.is_on
    screen.wish("brightness", "9999", 0)
    assert screen.brightness == 255
