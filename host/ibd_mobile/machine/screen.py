"""The screen: is it on, and the keys that change that. The only file that knows uiautomator2.

Key events of the phone's own shell are the way, since they leave nothing behind. uiautomator2
adds one thing: its server on the phone may press keys where a vendor forbids the shell to (MIUI
without «USB debugging (Security settings)»). It brings a program of its own, so it is asked only
where the keys failed, and both are taken away again before anything is measured.
"""

from typing import Final, Literal

from ibd_mobile.core.errors import PhoneError, PhoneNotReady
from ibd_mobile.core.seams import Link
from ibd_mobile.machine.adb import AdbLink

ScreenState = Literal["on", "off", "unknown"]

_WAKE_KEY, _SLEEP_KEY = "224", "223"  # unlike 26, the power key, these do not toggle
_TIMEOUT_S: Final = 20.0
_LOOKS_COUNT = 8
_STATE = "dumpsys power 2>/dev/null|grep -E 'mWakefulness=|mScreenOn=|Display Power: state='"
#: where its client could not start the server, it leaves it as it is; [M] spares this very shell
_TIDY = "pkill -f 'com.wetest.uia2.[M]ain';rm -f /data/local/tmp/u2.jar"


def read_screen(link: Link) -> ScreenState:
    """Tell whether the screen is on; "unknown" where the machine does not tell.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    return parse_power(link.run(["sh", "-c", _STATE], timeout_s=_TIMEOUT_S, check=False).output)


def parse_power(text: str) -> ScreenState:
    r"""Read the lines of `dumpsys power` that tell of the screen.

    >>> parse_power("  mWakefulness=Asleep\nDisplay Power: state=OFF\n")
    'off'
    """
    words: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        words.setdefault(key, value.partition(" ")[0])
    if display := words.get("Display Power: state"):
        return "on" if display == "ON" else "off"  # DOZE shows a clock, and lets the phone sleep
    if wakefulness := words.get("mWakefulness"):
        return "on" if wakefulness in ("Awake", "Dreaming", "1", "2") else "off"
    if screen := words.get("mScreenOn"):
        return "on" if screen == "true" else "off"
    return "unknown"


def wake(link: Link) -> None:
    """Switch the screen on and put the lock screen aside, if it has no code.

    Raises:
        PhoneNotReady: it stays dark.
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    keys = f"input keyevent {_WAKE_KEY};wm dismiss-keyguard"
    said = link.run(["sh", "-c", keys], timeout_s=_TIMEOUT_S, check=False).output.strip()
    is_dark = not _becomes(link, "on")
    if is_dark and isinstance(link, AdbLink):
        said = wake_by_uiautomator(link) or said
        is_dark = not _becomes(link, "on")
    if is_dark:
        raise PhoneNotReady(
            link.name,
            f"its screen stays off: {(said.splitlines() or ['no reason given'])[-1]}",
            "Wake it by hand; on Xiaomi switch on «USB debugging (Security settings)».",
        )


def sleep(link: Link) -> None:
    """Switch the screen off, as far as the phone lets the shell press keys.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    link.run(["input", "keyevent", _SLEEP_KEY], timeout_s=_TIMEOUT_S, check=False)
    _becomes(link, "off")


def _becomes(link: Link, wanted: ScreenState) -> bool:
    """Wait for a screen that changes; it takes its time after the key. "unknown" is believed."""
    for _ in range(_LOOKS_COUNT):
        if read_screen(link) in (wanted, "unknown"):
            return True
        link.run(["sleep", "0.3"], timeout_s=_TIMEOUT_S, check=False)
    return False


def wake_by_uiautomator(link: AdbLink) -> str:
    """Switch the screen on through a uiautomator2 server, which is ended and removed again.

    Returns:
        "" if it was asked; else why it could not be started.
    """
    import uiautomator2
    from uiautomator2.exceptions import BaseException as UiautomatorError

    def press(device: object) -> None:
        connection = uiautomator2.connect(device)
        try:
            connection.screen_on()
        finally:
            connection.stop_uiautomator()

    try:
        link.with_adbutils(press)
    except (UiautomatorError, PhoneError) as error:
        return f"uiautomator2 cannot be started there ({error})"
    finally:
        link.run(["sh", "-c", _TIDY], timeout_s=_TIMEOUT_S, check=False)
    return ""
