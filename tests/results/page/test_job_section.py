from typing import Any

import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.page.job_section import sections
from ibd_mobile.results.relations import Filed
from tests.results.archived import archive


@pytest.fixture(scope="module")
def filed(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Filed:
    """Two jobs; the second throttles in the middle of its power phase."""
    steady = make.Job()
    slower = make.Job(
        context=make.changed(steady.context, "job.threads", 4),
        power_ns=[10_000_000] * 300 + [13_000_000] * 320,
    )
    return Filed.read(archive(tmp_path_factory.mktemp("job_section"), steady, slower))


def test_a_job_is_told_in_numbers_and_drawn(filed: Filed) -> None:
    first, second = sections([filed], None, 9).sections
    assert [(p.name, p.count) for p in first.phases] == [("latency", 5), ("power", 620)]
    assert first.phases[0].median == "10 ms"
    assert first.drawing.startswith("<svg")
    assert first.changes == []
    assert second.record.job.threads == 4


def test_a_change_of_pace_is_told_with_its_moment(filed: Filed) -> None:
    _, second = sections([filed], None, 9).sections
    assert second.changes == [
        "from inference 300, 3 s into the power phase, inferences are 30% slower"
    ]


def test_not_more_are_drawn_than_is_asked_and_the_others_are_counted(filed: Filed) -> None:
    found = sections([filed], None, 1)
    assert (len(found.sections), found.others_count) == (1, 1)
    named = sections([filed], [filed.records[1].job_id], 1)
    assert [s.record.job_id for s in named.sections] == [filed.records[1].job_id]


def test_a_job_that_is_not_there_is_named(filed: Filed) -> None:
    with pytest.raises(InputError, match="job 'ffffffffffff': is not done"):
        sections([filed], ["ffffffffffff"], 1)
