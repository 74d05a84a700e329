"""Headless Chromium, driven over its own debugging protocol."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

#: pictures and prints of pages are kept here, to be looked at; git ignores it
ARTIFACTS = Path(__file__).parents[2] / "test-artifacts"
#: (width in px, whether it is dark) of the screens that a page is looked at on
SCREENS = ((390, False), (390, True), (820, False), (1280, False), (1280, True))
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe", "--disable-dev-shm-usage",
)  # fmt: skip
_LIMIT_S = 120.0

_TOLD = ".map(e => e.outerHTML.slice(0, 120))"
_BEYOND = (
    "[...document.querySelectorAll('body *')].filter(e =>"
    " e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5"
    f" && !e.closest('svg') && !e.closest('thead')){_TOLD}"
)
_SMALL = (
    "[...document.querySelectorAll('figure svg')].filter(e => {"
    " const box = e.getBoundingClientRect(); return box.width < 200 || box.height < 40"
    f"}}){_TOLD}"
)
_BROKEN = f"[...document.images].filter(i => !i.complete || !i.naturalWidth){_TOLD}"
#: every colour that a drawing names has to be one of the page's
_COLOURLESS = (
    "[...new Set(document.body.innerHTML.match(/var\\(--[a-z0-9-]+\\)/g) || [])].filter(v =>"
    " !getComputedStyle(document.documentElement).getPropertyValue(v.slice(4, -1)).trim())"
)


class Browser:
    """One page, and everything it complains of."""

    def __init__(self, home: Path) -> None:
        assert PROGRAM is not None
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        # --remote-debugging-pipe reads from descriptor 3 and writes to 4
        line = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        words = [PROGRAM, *_FLAGS, f"--user-data-dir={home}", "about:blank"]
        ends = (to_browser, from_browser)
        self._process = subprocess.Popen(
            ["bash", "-c", line, "bash", *map(str, ends), *words],
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in ends:
            os.close(end)
        self._number, self._read, self._session = 0, b"", ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        session = self.do("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        order: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._to, json.dumps(order).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer
            self._note(told)

    def open(self, path: Path, width_px: int, height_px: int, *, is_dark: bool = False) -> None:
        """Show a file as on a screen of that size."""
        self.do(
            "Emulation.setDeviceMetricsOverride", width=width_px, height=height_px,
            deviceScaleFactor=1, mobile=width_px < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.do("Page.navigate", url=path.as_uri())
        while self.ask("document.readyState") != "complete" or self.ask("location.href") == (
            "about:blank"
        ):
            time.sleep(0.05)

    def ask(self, expression: str) -> Any:
        """Evaluate JavaScript in the page."""
        told = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        return told["result"].get("value")

    def faults(self, path: Path, width_px: int, *, is_dark: bool) -> list[str]:
        """Show a page as on a screen of that width, and say all that is wrong with it."""
        self.complaints.clear()
        self.requests.clear()
        self.open(path, width_px, 844, is_dark=is_dark)
        scrolled, seen = (
            self.ask(f"document.documentElement.{what}") for what in ("scrollWidth", "clientWidth")
        )
        ink, paper = (
            self.ask(f"getComputedStyle(document.body).{what}")
            for what in ("color", "backgroundColor")
        )
        found = {
            "complaint": self.complaints,
            "request": [u for u in self.requests if not u.startswith(("file:", "data:"))],
            "beyond the edge": self.ask(_BEYOND),
            "drawing too small": self.ask(_SMALL),
            "broken picture": self.ask(_BROKEN),
            "colour without a value": self.ask(_COLOURLESS),
            "scrolls sideways": [f"{scrolled} px"] if scrolled != seen else [],
            # less a scroll bar, where there is one
            "width": [] if seen in (width_px, width_px - 15) else [f"{seen} px"],
            "contrast": [] if contrast(ink, paper) > 7 else [f"{ink} on {paper}"],
        }
        return [f"{what}: {one}" for what, ones in found.items() for one in ones]

    def picture(self, path: Path) -> None:
        """Keep the whole page as a PNG."""
        size = self.do("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        told = self.do("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(told["data"]))

    def pdf(self) -> bytes:
        """Print the page on A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69}
        return base64.b64decode(self.do("Page.printToPDF", **paper)["data"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._from], [], [], _LIMIT_S)
            assert ready, "the browser does not answer"
            chunk = os.read(self._from, 1 << 20)
            assert chunk, "the browser has ended"
            self._read += chunk
        line, _, self._read = self._read.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        params = told.get("params", {})
        match told.get("method"):
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.complaints.append(json.dumps(params))
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])


def contrast(one: str, other: str) -> float:
    """Contrast of two colours of a computed style, as WCAG 2 defines it."""

    def luminance(text: str) -> float:
        channels = np.array([int(n) for n in re.findall(r"\d+", text)[:3]]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return float(linear @ [0.2126, 0.7152, 0.0722])

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
