from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.page.chart_files import chart_files
from ibd_mobile.results.page.page import render
from ibd_mobile.results.relations import Filed
from tests.results.archived import archive

replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def filed(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Filed:
    """Two batches of a study about them."""
    one = make.Job()
    four = make.Job(context=make.changed(one.context, "job.batch", 4))
    run = archive(tmp_path_factory.mktemp("chart_files"), one, four)
    run.info = replace(run.info, study=replace(run.info.study, id="batches", variable="batch"))
    return Filed.read(run)


@pytest.fixture(scope="module")
def files(filed: Filed) -> dict[str, str]:
    return chart_files([filed], None, 1)


def test_every_chart_of_the_page_is_a_file(filed: Filed, files: dict[str, str]) -> None:
    page = render([filed], drawn_count=1)
    assert page.count("<figure>") == len(files) > 0


def test_a_name_tells_study_device_application_and_what_is_drawn(
    filed: Filed, files: dict[str, str]
) -> None:
    assert "batches-sd855-classification-throughput-by-batch-size.svg" in files
    assert "batches-sd855-classification-power.svg" in files
    assert f"job-{filed.records[0].job_id}.svg" in files


def test_each_file_is_whole_and_says_of_what_it_is(filed: Filed, files: dict[str, str]) -> None:
    for name, text in files.items():
        root = ElementTree.fromstring(text)  # noqa: S314 - our own drawing
        said = "".join(root.itertext())
        assert f"Run {filed.run.info.id}." in said, name
        assert "Snapdragon 855 (sd855)" in said, name


def test_the_same_run_gives_the_same_files(filed: Filed, files: dict[str, str]) -> None:
    assert chart_files([filed], None, 1) == files


def test_charts_of_two_runs_do_not_take_each_others_names(
    filed: Filed, files: dict[str, str]
) -> None:
    both = chart_files([filed, filed], [], 0)
    assert len(both) == 2 * (len(files) - 1)
    assert "batches-sd855-classification-power-2.svg" in both


def test_a_job_that_is_not_there_is_named(filed: Filed) -> None:
    with pytest.raises(InputError, match="job 'ffffffffffff': is not done"):
        chart_files([filed], ["ffffffffffff"], 1)


def test_a_name_from_an_archive_leads_nowhere(filed: Filed, tmp_path: Path) -> None:
    study = replace(filed.run.info.study, id="../../etc/passwd")
    filed.run.info, before = replace(filed.run.info, study=study), filed.run.info
    try:
        found = chart_files([filed], [], 0)
    finally:
        filed.run.info = before
    assert all(name.startswith("etc-passwd-sd855-") and "/" not in name for name in found)
