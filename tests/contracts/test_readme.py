"""What the README shows is there, and was drawn by what it describes."""

import re
from pathlib import Path

from ibd_mobile.results.chart.drawing import is_ours

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_its_charts_were_drawn_by_the_tool() -> None:
    charts = [ROOT / path for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)]
    assert len(charts) == 2
    assert all(map(is_ours, charts))


def test_its_links_lead_somewhere() -> None:
    for path, _, heading in re.findall(r"\]\(([\w./-]+)(#([\w-]+))?\)", README):
        assert (ROOT / path).exists(), path
        if heading:
            titles = re.findall(r"(?m)^#+ (.+)$", (ROOT / path).read_text())
            assert heading in [title.lower().replace(" ", "-") for title in titles], heading
