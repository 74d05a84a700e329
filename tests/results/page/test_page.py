import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibd_mobile.core.job import Skip
from ibd_mobile.results.archive import Run
from ibd_mobile.results.page.page import render
from ibd_mobile.results.relations import Filed
from tests.results import browser
from tests.results.archived import archive
from tests.results.browser import ARTIFACTS, SCREENS, Browser
from tests.results.conftest import sensor

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}$x$\x1b[31m"
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect", "circle"}


def _jobs(make: Any) -> list[Any]:
    """Float32 and int8, one and four threads, with temperatures and clocks; one throttles."""
    sensors = (
        sensor("battery_temperature", "temperature", "degC", site="battery"),
        sensor("skin_temperature", "temperature", "degC", site="skin"),
        sensor("prime_frequency", "frequency", "Hz", site="prime"),
    )
    context = make.Job().context
    context = make.changed(context, "sensors", [*context.sensors, *sensors])
    extra = {
        "battery_temperature": lambda s: f"{28 + s / 20:.1f}",
        "skin_temperature": lambda s: f"{29 + s / 15:.1f}",
        "prime_frequency": lambda s: "2841600000" if 4 < s < 11 else "825600000",
    }
    made = []
    for threads, scale in ((1, 1.0), (4, 0.4)):
        for precision, factor in (("float32", 1.0), ("int8", 0.6)):
            job = make.changed(context, "job.threads", threads)
            job = make.changed(job, "job.precision", precision)
            timed = [int(1e7 * scale * factor) + 1000 * k for k in range(5)]
            power = [int(1e7 * scale * factor)] * int(310 / scale)
            power += [int(1.4e7 * scale * factor)] * int(310 / scale)
            made.append(make.Job(context=job, timed_ns=timed, power_ns=power, extra=extra))
    return made


@pytest.fixture(scope="module")
def run(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return archive(tmp_path_factory.mktemp("page"), *_jobs(make))


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return render([Filed.read(run)])


class Outline(HTMLParser):
    """Tags as they nest, attributes, and text outside style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href") and value:
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def test_a_page_is_whole_and_reaches_nothing_outside(page: str) -> None:
    found = Outline(page)
    assert not {"script", "iframe", "object", "img"} & set(found.tags)
    assert all(link.startswith(("#", "data:")) for link in found.links)
    assert "url(http" not in page
    assert "@import" not in page
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if len(link) > 1 and link[0] == "#"} <= set(found.ids)


def test_a_page_has_tables_charts_rules_and_jobs(page: str, run: Run) -> None:
    text = " ".join(" ".join(Outline(page).words).split())
    for wanted in (
        f"Run {run.info.id}",
        "Protocol ibd: follows the paper's rules",
        "1 warm-up, 5 timed",
        "float32 ×1",
        "int8 ×4",
        "Energy efficiency",
        "time of one sample, ms",
        "power, W",
        "energy efficiency, samples/J",
        "utilization, share of peak, %",
        "time since the job began, s",
        "temperature, °C",
        "clock, GHz",
        "burst",
        "sustained",
        "not available: measured by an accuracy job",
        "inferences are 40% slower",
        "THROTTLED",
        "5. With a larger batch",
        "not testable",
    ):
        assert wanted in text, wanted
    assert page.count("<figure>") == 4 + 4


def test_the_same_run_gives_the_same_page(run: Run, page: str) -> None:
    assert render([Filed.read(run)]) == page


def test_what_an_archive_says_is_shown_and_never_obeyed(run: Run) -> None:
    filed = Filed.read(run)
    replace = msgspec.structs.replace
    records = [
        replace(
            record,
            job=replace(record.job, model=HOSTILE),
            hardware=replace(record.hardware, device_name=HOSTILE, phone=HOSTILE),
            findings=[replace(f, measured=HOSTILE, remedy=HOSTILE) for f in record.findings],
            metrics=[replace(m, missing=HOSTILE) if m.missing else m for m in record.metrics],
        )
        for record in filed.records
    ]
    text = render([Filed(filed.run, records, [])])
    found = Outline(text)
    assert "script" not in found.tags
    assert "img" not in found.tags
    assert not {name for name in found.attributes if name.startswith("on")}
    assert "\x1b" not in text
    assert "49" not in re.findall(r"\{\{.{0,9}\}\}|&amp;49", text)
    assert "alert(1)" in " ".join(found.words)


def test_cells_that_were_not_run_stand_together_by_their_reason(run: Run) -> None:
    filed = Filed.read(run)
    skips = [Skip(cell=f"cell {n}", reason=HOSTILE if n else "too big") for n in range(6)]
    text = render([Filed(_with(filed.run, skips=skips), filed.records, [])], drawn=[])
    found = Outline(text)
    said = " ".join(" ".join(found.words).split())
    assert "Cells that were not run" in said
    assert "too big cell 0" in said
    assert "cell 1; cell 2; cell 3 and 2 more cell 4; cell 5" in said
    assert "script" not in found.tags


def test_a_study_that_repeats_tells_its_order_and_draws_its_variable(
    make: Any, tmp_path: Path
) -> None:
    context = make.Job().context
    jobs = [
        make.Job(context=make.changed(make.changed(context, "job.batch", batch), "job.seed", seed))
        for seed in (1, 2)
        for batch in (1, 4)
    ]
    run = archive(tmp_path, *jobs)
    study = msgspec.structs.replace(run.info.study, variable="batch", repeats=2)
    filed = Filed(_with(run, study=study), run.records(), [])
    said = " ".join(Outline(render([filed], drawn=[])).words)
    assert "with each job later" in said
    assert "By batch size, as in the paper's Figs 6–8 and Table 4" in said
    assert "2 repetitions, each drawn on its own." in said


def _with(run: Run, **changes: Any) -> Run:
    other = Run.open(run.path)
    other.info = msgspec.structs.replace(run.info, **changes)
    return other


def test_several_runs_are_told_one_after_the_other(run: Run) -> None:
    text = render([Filed.read(run), Filed.read(run)], drawn=[])
    assert text.count(f"<h2>Run {run.info.id}</h2>") == 2
    assert "Jobs over time" not in text


def test_a_run_without_any_number_has_a_page(make: Any, tmp_path: Path) -> None:
    empty = archive(tmp_path)
    assert "0 of 0 jobs done" in render([Filed.read(empty)])


@pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")
def test_a_browser_shows_it_without_complaint(page: str, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    path.write_text(page)
    with Browser(tmp_path / "profile") as shown:
        for width_px, is_dark in SCREENS:
            assert shown.faults(path, width_px, is_dark=is_dark) == []
            shown.picture(ARTIFACTS / f"report-{width_px}{'-dark' if is_dark else ''}.png")


@pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")
def test_a_browser_would_tell_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        '<meta name="viewport" content="width=device-width"><p style="width: 900px">wide</p>'
        '<img src="absent.png"><figure><svg width="9"/></figure>'
        '<i style="color: var(--nothing)"></i><script>console.error("no")</script>'
    )
    with Browser(tmp_path / "profile") as shown:
        found = " ".join(shown.faults(path, 390, is_dark=False))
    for fault in (
        "complaint", "beyond the edge", "too small", "broken picture", "var(--nothing)", "sideways",
    ):  # fmt: skip
        assert fault in found


@pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")
def test_it_can_be_printed(page: str, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    path.write_text(page)
    with Browser(tmp_path / "profile") as shown:
        shown.open(path, 1280, 900, is_dark=True)
        printed = shown.pdf()
        (ARTIFACTS / "report.pdf").write_bytes(printed)
    assert printed.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
