"""Pages of the paper's experiments, as a browser shows them."""

from pathlib import Path

import pytest

from ibd_mobile.results.archive import Run
from ibd_mobile.results.study_chart import plate
from ibd_mobile.sim.namespace import namespaces_problem
from tests.keyboard import say
from tests.mini_studies import DEVICES, NARROWED, MiniStudyRuns
from tests.results import browser
from tests.results.browser import ARTIFACTS, SCREENS, Browser


@pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("study", NARROWED)
def test_the_page_of_a_study_shows_its_charts_on_every_screen(
    mini_study_runs: MiniStudyRuns, tmp_path: Path, study: str, device: str
) -> None:
    if "--sim" in DEVICES[device] and (problem := namespaces_problem()):
        pytest.skip(f"no simulated phone here: {problem}")
    run = Run.open(mini_study_runs(study, device))
    page = tmp_path / "page.html"
    assert say("report", str(run.path), "--html", str(page), "--draw", "2").code == 0
    with Browser(tmp_path / "profile") as shown:
        for width_px, is_dark in SCREENS:
            assert shown.faults(page, width_px, is_dark=is_dark) == []
            shade = "dark" if is_dark else "light"
            shown.picture(ARTIFACTS / f"{study}-{device}-{width_px}-{shade}.png")
        text = shown.ask("document.body.innerText")
        titles = shown.ask("[...document.querySelectorAll('h4')].map(e => e.innerText)")
    about = plate(run.info.study.variable)
    assert f"By {about.title}, as in {about.source}" in titles
    assert f"throughput, {'k ' if 'k samples/s' in text else ''}samples/s" in text
    assert ("SIMULATED" in text) == run.info.is_simulated
    assert "with each job later" in text
    for skip in run.info.skips:
        assert skip.reason in text
