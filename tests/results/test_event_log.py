from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.event_log import Event, EventLog

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def test_a_log_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert EventLog(tmp_path / "events.jsonl").read() == []


@settings(deadline=None)  # writes files: how long that takes is the disk's affair
@given(st.lists(TEXTS, max_size=6), st.integers(0, 400))
def test_cut_anywhere_all_whole_lines_are_kept_and_the_log_goes_on(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], cut: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    log, events = EventLog(path), [Event(kind="note", text=text) for text in texts]
    path.touch()
    for event in events:
        log.append(event)
    content = path.read_bytes()[:cut]
    path.write_bytes(content)
    whole = events[: content.count(b"\n")]
    assert log.read() == whole
    log.mend()
    log.append(Event(kind="resumed"))
    assert log.read() == [*whole, Event(kind="resumed")]


def test_lines_of_many_threads_do_not_mix(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    texts = [f"{number} " + "x" * 5000 for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: log.append(Event(kind="note", text=text)), texts))
    assert sorted(event.text for event in log.read()) == sorted(texts)


def test_damage_before_the_last_line_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"kind":"note"}\n{"kind":"no such thing"}\n{"kind":"note"}\n')
    with pytest.raises(DataError, match=r"events.jsonl:2: is damaged: Invalid enum value"):
        EventLog(path).read()


def test_a_link_is_neither_read_nor_written_nor_cut(tmp_path: Path) -> None:
    outside, path = tmp_path / "outside", tmp_path / "events.jsonl"
    outside.write_text("untouched, without an end of line")
    path.symlink_to(outside)
    log = EventLog(path)
    with pytest.raises(DataError, match="is a symbolic link"):
        log.read()
    with pytest.raises(OSError, match="symbolic links"):
        log.append(Event(kind="note"))
    log.mend()
    assert outside.read_text() == "untouched, without an end of line"
