"""Every source file with something in it that can go wrong has a test file of its name."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "host" / "ibd_mobile"


def with_functions() -> list[Path]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "payloads" in path.parts or path.name == "__init__.py":
            continue
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        if any(isinstance(n, kinds) for n in ast.walk(ast.parse(path.read_text()))):
            found.append(path.relative_to(PACKAGE))
    return found


#: protocols only: what they say is held by the tests of those that satisfy them
NO_TWIN = {"core/seams.py", "machine/link.py"}


@pytest.mark.parametrize("path", with_functions(), ids=str)
def test_a_source_file_has_its_twin(path: Path) -> None:
    if path.as_posix() in NO_TWIN:
        return
    twin = ROOT / "tests" / path.parent / f"test_{path.name.lstrip('_')}"
    assert twin.is_file(), f"{twin.relative_to(ROOT)} is missing"
