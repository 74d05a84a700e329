from pathlib import Path

import pytest

from ibd_mobile.workers.failure import Status

from .conftest import Start


@pytest.mark.parametrize(
    "words",
    [
        ("--threads", "0"),
        ("--batch", "many"),
        ("--runs", "-1"),
        ("--seed", str(1 << 64)),
        ("--power-s", "nan"),
        ("--nonce", ""),
        ("--dataset", "/nowhere"),
        ("--option", "x"),
        ("--cpus", "many"),
        ("--run", "3"),
    ],
)
def test_a_wrong_command_line_leaves_no_journal(
    counting: Start, wish: Path, words: tuple[str, ...]
) -> None:
    ended = counting(*words, model=wish)
    assert ended.status == Status.USAGE
    assert ended.stderr.startswith("worker: ")
    assert not ended.file.exists()


def test_options_reach_the_engine(counting: Start, wish: Path) -> None:
    ended = counting("--option", "note=of=two", model=wish)
    assert ended.journal.ready is not None
    assert ended.journal.ready.note == "of=two"
    assert counting("--option", "note", model=wish).status == Status.USAGE
