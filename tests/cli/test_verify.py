import json
import random
from pathlib import Path

import pytest

from ibd_mobile.results.run_writer import RunWriter

from .conftest import Command


def test_a_run_as_it_was_filed_has_no_flaw(copied: Path, ibd: Command) -> None:
    said = ibd("verify")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"{copied.name}: 2 jobs, every hash and number as filed\n"
    document = json.loads(ibd("verify", copied.name, "--json").out)
    assert document["flaws"] == []
    assert len(document["jobs"]) == 2


def test_a_flipped_byte_in_any_file_is_found(copied: Path, ibd: Command) -> None:
    draw, tried = random.Random(8), 0
    for path in sorted(p for p in copied.rglob("*") if p.is_file()):
        content = bytearray(path.read_bytes())
        if not content:
            assert path.name in ("lock", "child.tsv", "gates.jsonl")
            continue
        offset = draw.randrange(len(content))
        content[offset] ^= 1 << draw.randrange(8)
        before = path.read_bytes()
        path.write_bytes(content)
        said = ibd("verify")
        assert said.code == 8, f"{path.name} at {offset}"
        assert path.name in said.out + said.err or path.name == "seal.json"
        path.write_bytes(before)
        tried += 1
    assert tried > 15
    assert ibd("verify").code == 0


def test_a_number_that_was_made_better_is_found_though_the_run_was_sealed_anew(
    copied: Path, ibd: Command
) -> None:
    record = next(p for p in copied.glob("jobs/*/record.json") if '"measure"' in p.read_text())
    for name in ("record.json", "metrics.json"):
        path = record.with_name(name)
        text = path.read_text()
        place = text.index('"value": ', text.index('"latency_s"')) + len('"value": ')
        path.write_text(text[:place] + "1e-9" + text[text.index(",", place) :])
    (copied / "seal.json").unlink()
    RunWriter.resume(copied).close()
    said = ibd("verify")
    assert said.code == 8
    assert "says latency_s = 1e-09, and the raw files give " in said.out


def test_a_run_without_a_seal_says_how_to_get_one(copied: Path, ibd: Command) -> None:
    (copied / "seal.json").unlink()
    said = ibd("verify")
    assert said.code == 8
    assert "has no seal" in said.err
    assert ibd("resume", copied.name).code == 0
    assert ibd("verify").code == 0


@pytest.mark.parametrize(("word", "text"), [("gone", "does not exist"), ("./no", "is not a run")])
def test_what_is_not_there_is_named(copied: Path, ibd: Command, word: str, text: str) -> None:
    said = ibd("verify", word)
    assert said.code == 3
    assert text in said.err
