import re
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.latex import render
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
replace = msgspec.structs.replace


def test_a_table_has_a_line_per_metric_and_a_column_per_configuration() -> None:
    text = render(RUN, RECORDS, FAILURES)
    assert r"\begin{tabular}{lrrr}" in text
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:]
    assert {line.count(" & ") for line in body} == {3}
    assert body[3].startswith(r"Latency, per sample & 1.83 $\pm$ 0.04 ms & 0.720 $\pm$ 0.015 ms")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 1
    assert r"\textsuperscript{3} not available: no int8 peak is published" in text


def test_braces_are_balanced_and_nothing_is_left_that_latex_would_obey() -> None:
    hostile = r"\input{/etc/passwd} $x$ 50 % #1 a_b & ~ ^ <script> `id`"
    device = replace(RECORDS[0].hardware, device_name=hostile)
    text = render(RUN, [replace(r, hardware=device) for r in RECORDS], [])
    assert r"\input" not in text
    bare = re.sub(r"\\[\\{}$&#_%]", "", text)
    assert bare.count("{") == bare.count("}")
    body = bare[bare.index(r"\begin{table}") :]
    assert "%" not in body
    assert "#" not in body
    assert body.count("$") % 2 == 0


@pytest.mark.parametrize("symbol", "±×≥≤µ−·°–")
def test_only_plain_characters_are_left(symbol: str) -> None:
    assert symbol not in render(RUN, RECORDS, [])
