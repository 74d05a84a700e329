import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.samples import Batch
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.convert.task import Origin, Task

HEAD = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['numpy']\n# ///\n"
#: a step that makes "a network" which says twice what goes in; OPTIONS make it lie
STEP = """
import os, sys, time
import numpy as np
from ibd_mobile.convert.steps import step

def convert(request):
    told = request.options
    if "log" in told:
        with open(told["log"], "a") as log:
            log.write(f"{os.getpid()}\\n")
        time.sleep(0.5)
    if "raise" in told:
        raise step.Refused(told["raise"], "Take another.")
    if "exit" in told:
        os._exit(int(told["exit"]))
    if "signal" in told:
        os.kill(os.getpid(), int(told["signal"]))
    if "hang" in told:
        time.sleep(600)
    if "no file" not in told:
        request.target.write_bytes(b"made")
    taken = step.samples(request)
    off = 1 + float(told.get("off", 0)) * np.sign(np.arange(len(taken)) - 1.5)[:, None]
    if "silent" not in told:
        step.write_compared(request, [taken * 2], [(taken * 2) * off])
    inner = ["conv1", "conv2", "logits"] if request.is_to_locate else []
    if inner:
        step.write_inner(request, [taken] * 3, [taken, taken * off, taken * off])
    tensor = step.TensorInfo("x", "float32", [-1, 4])
    return step.Made([tensor], [tensor], "NHWC", -1, inner=inner)

sys.exit(step.main(convert, ["numpy"]))
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A folder with one step, `double`, that does what its options say."""
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "double.py").write_text(HEAD + STEP)
    return folder


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    """Make a task for `double`."""
    source = tmp_path / "source.bin"
    source.write_bytes(b"source")
    values = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)

    def make(**changes: Any) -> Task:
        facts: dict[str, Any] = {
            "origin": Origin("net", "tensorflow", is_untrained=False),
            "step": "double",
            "source": {"model": source},
            "parent": "",
            "format": "om",
            "precision": "float32",
            "batch": -1,
            "input_shape": (4,),
            "samples": Batch(values, "four"),
            "calibration": None,
        }
        return Task(**(facts | changes))

    return make


class Publisher:
    """A web server on loopback that serves one file, and can be told to misbehave."""

    def __init__(self) -> None:
        self.content = b""
        self.tag = '"one"'
        self.stop_after: int | None = None  #: closes the line after so many bytes, once
        self.status = 0  #: answers with this instead
        self.asked: list[str] = []  #: the Range of each request

        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/net.bin"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range", "")
        self.asked.append(wanted)
        if self.status:
            handler.send_response(self.status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = 0
        if wanted and handler.headers.get("If-Range") == self.tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        handler.send_response(206 if start else 200)
        handler.send_header("ETag", self.tag)
        handler.send_header("Content-Length", str(len(self.content) - start))
        handler.end_headers()
        part = self.content[start:]
        if self.stop_after is not None:
            part, self.stop_after = part[: self.stop_after], None
            handler.close_connection = True
        handler.wfile.write(part)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    found = Publisher()
    thread = Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
