"""The command line in this process, as a person at the keyboard has it."""

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ibd_mobile.cli import app, console


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


def say(*words: str) -> Said:
    """Run a command line to its exit."""
    out, err = io.StringIO(), io.StringIO()
    console.out.cache_clear()
    console.err.cache_clear()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["ibd-mobile", *words])
        with pytest.raises(SystemExit) as end:
            app.main()
    console.out.cache_clear()
    console.err.cache_clear()
    assert isinstance(end.value.code, int)
    return Said(end.value.code, out.getvalue(), err.getvalue())
