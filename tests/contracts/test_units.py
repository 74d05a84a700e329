"""Numbers with a dimension end in their unit, and one file knows powers of ten."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core import (
    context,
    device,
    finding,
    job,
    metric,
    model,
    picture_set,
    record,
    study,
)

PACKAGE = Path(__file__).parents[2] / "host" / "ibd_mobile"
SUFFIXES = (
    "_ns", "_s", "_hz", "_c", "_v", "_a", "_w", "_j", "_bytes", "_pct", "_ratio", "_count", "_mah",
    "_per_s", "_port", "_px",
)  # fmt: skip
#: numbers without a dimension
PLAIN = {
    "schema", "value", "low", "high", "n", "threads", "batch", "seed", "height", "width",
    "channels", "scale", "zero_point", "warmup_runs", "timed_runs", "power_periods", "quantum",
    "code", "least", "most", "step", "rows", "columns", "input_size",  # pixels and places
    "first_class",  # the number that a list counts from
    "repeats", "repetition",
    "count",  # Dataset.count is a count by its very name, and stands so in TOML and hashes
}  # fmt: skip


def structs() -> list[type[msgspec.Struct]]:
    modules = (context, device, finding, job, metric, model, picture_set, record, study)
    found = {
        v
        for m in modules
        for v in vars(m).values()
        if isinstance(v, type) and issubclass(v, device.Noun)
    }
    return sorted(found, key=lambda s: s.__name__)


@pytest.mark.parametrize("struct", structs(), ids=lambda s: s.__name__)
def test_a_number_of_a_noun_ends_in_its_unit(struct: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(struct):
        if field.type in (int, float, int | None, float | None):
            assert field.name in PLAIN or field.name.endswith(SUFFIXES), field.name


def test_only_units_divides_by_powers_of_ten() -> None:
    pattern = re.compile(r"[*/] *(1_000_000|1000000|1_000_000_000|10 ?\*\* ?[69])\b")
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE).as_posix()
        if relative == "core/units.py" or relative.startswith(("sim/", "workers/")):
            continue
        code = ast.unparse(ast.parse(path.read_text()))
        assert not pattern.search(code), relative
