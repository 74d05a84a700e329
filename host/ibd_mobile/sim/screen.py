"""The phone's screen: on or off, how bright, and when it goes dark by itself."""

_TIMEOUT_MS = 30_000
_BRIGHTNESS = 102


class Screen:
    """State of the screen.

    Programs in the phone ask by writing a text to a file; each new text is a new wish.
    """

    wishes = ("screen_on", "brightness", "screen_timeout_ms", "stay_on")

    def __init__(self, *, is_on: bool) -> None:
        self.is_on = is_on
        self.brightness = _BRIGHTNESS
        self._timeout_ms = _TIMEOUT_MS
        self._stays_on_plugged = False
        self._dark_at_s: float | None = None  # None: as set by the knob, stays
        self._last: dict[str, str] = {}

    def set(self, *, is_on: bool) -> None:
        """Switch it from outside; it then stays so."""
        self.is_on = is_on
        self._dark_at_s = None

    def wish(self, name: str, text: str, now_s: float) -> None:
        """Follow a wish if it is new: a number, and for `screen_on` anything after it."""
        if not text or text == self._last.get(name):
            return
        self._last[name] = text
        word = text.split()[0]
        if not word.lstrip("-").isdigit():
            return
        number = int(word)
        match name:
            case "screen_on":
                self.is_on = number != 0
                self._dark_at_s = now_s + self._timeout_ms / 1000 if self.is_on else None
            case "brightness":
                self.brightness = min(max(number, 0), 255)
            case "screen_timeout_ms":
                self._timeout_ms = number
                if self.is_on and self._dark_at_s is not None:
                    self._dark_at_s = now_s + number / 1000
            case "stay_on":
                self._stays_on_plugged = number != 0

    def pass_time(self, now_s: float, *, is_plugged: bool) -> None:
        """Go dark when the time has come, unless told to stay on while plugged."""
        if self._dark_at_s is None or now_s < self._dark_at_s:
            return
        if not (self._stays_on_plugged and is_plugged):
            self.is_on = False
            self._dark_at_s = None
