import json
from pathlib import Path

from .conftest import Command


def contents(run: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in run.glob("jobs/**/*") if p.is_file()}


def test_reparse_makes_every_number_again_bit_for_bit(copied: Path, ibd: Command) -> None:
    before = contents(copied)
    said = ibd("reparse")
    assert said.code == 0, said.err
    assert said.out.count("the same, bit for bit") == 2
    assert contents(copied) == before


def test_what_changed_is_named(copied: Path, ibd: Command) -> None:
    metrics = next(copied.glob("jobs/*/metrics.json"))
    metrics.write_bytes(metrics.read_bytes().replace(b'"better"', b'"worse!"', 1))
    job_id = metrics.parent.name
    said = ibd("reparse", copied.name)
    assert f"{job_id}  changed: metrics.json" in said.out
    assert said.out.count("the same, bit for bit") == 1


def test_json_lists_the_files_that_changed_by_job(copied: Path, ibd: Command) -> None:
    said = ibd("reparse", "--json")
    document = json.loads(said.out)
    assert document["run"] == copied.name
    assert sorted(document["changed"]) == sorted(p.name for p in (copied / "jobs").iterdir())
    assert all(names == [] for names in document["changed"].values())


def test_a_raw_file_that_was_changed_is_refused(copied: Path, ibd: Command) -> None:
    journal = next(copied.glob("jobs/*/raw/journal.jsonl"))
    journal.write_bytes(journal.read_bytes()[:-10])
    said = ibd("reparse")
    assert said.code == 8
    assert f"{journal}: was changed after the job was filed" in said.err


def test_a_job_that_is_not_done_is_left_alone(copied: Path, ibd: Command) -> None:
    record = next(copied.glob("jobs/*/record.json"))
    record.unlink()
    said = ibd("reparse")
    assert said.code == 0
    assert record.parent.name not in said.out
