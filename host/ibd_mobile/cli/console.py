"""The two streams that a person reads: results on stdout, progress and errors on stderr."""

import functools
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@functools.cache
def out() -> "Console":
    """Console for results; plain where stdout is no terminal."""
    return _console(stderr=False)


@functools.cache
def err() -> "Console":
    """Console for progress and errors; plain where stderr is no terminal."""
    return _console(stderr=True)


def print_json(value: Any) -> None:
    """Print a document for programs; `value` is made of plain JSON types."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # A file or a pipe is as wide as its lines need; a table must not be cut at 80 columns there.
    width = None if stream.isatty() else 120
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False, emoji=False)


def say(text: str, *, quiet: bool = False) -> None:
    """Print a line of progress on stderr."""
    if not quiet:
        err().print(text, markup=False, soft_wrap=True)
