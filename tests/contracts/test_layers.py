"""The layer table of the design, and the one home of each third-party library."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "host" / "ibd_mobile"

MAY_IMPORT = {
    "core": set(),
    "catalog": {"core"},
    "results": {"core"},
    "sim": {"core"},
    "machine": {"core"},
    "frameworks": {"core", "machine"},
    "power": {"core", "machine"},
    "workers": set(),
    "convert": {"core", "catalog"},
    "bench": {"core", "catalog", "results", "machine", "frameworks", "power", "convert"},
    "cli": {
        "core",
        "catalog",
        "results",
        "machine",
        "frameworks",
        "power",
        "convert",
        "bench",
        "sim",
    },
}

HOMES = {
    "adbutils": {"machine/adb.py", "machine/server.py"},
    "uiautomator2": {"machine/screen.py"},
    "duckdb": {"results/query.py"},
    "pandas": {"results/frames.py"},
    "matplotlib": {"results/chart/"},
    "jinja2": {"results/page/page.py"},
    "typer": {"cli/"},
    "tomllib": {"catalog/reader.py", "core/environment.py", "sim/profile.py", "cli/sim.py"},
    "packaging": {"core/environment.py"},
    "uv": {"core/environment.py"},
    "ai_edge_litert": {"workers/litert.py", "convert/cost_tflite.py", "convert/steps/"},
    "tflite_runtime": {"workers/tflite_runtime.py"},
    "onnxruntime": {"workers/onnxruntime.py", "convert/steps/", "convert/vendor/_programs/"},
    "openvino": {"workers/openvino.py"},
    "tensorrt": {"workers/tensorrt.py"},
}


def sources() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "payloads" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_what_its_layer_may(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    if len(relative.parts) == 1:
        assert not [m for m in imports(path) if m.startswith("ibd_mobile")]
        return
    layer = relative.parts[0]
    allowed = MAY_IMPORT[layer] | {layer}
    reached = {m.split(".")[1] for m in imports(path) if m.startswith("ibd_mobile.")}
    assert reached <= allowed, f"{relative} reaches into {sorted(reached - allowed)}"


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_only_in_its_home(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in sources()
        if any(m.split(".")[0] == library for m in imports(path))
    }
    homes = HOMES[library]
    strangers = {u for u in users if not any(u == h or u.startswith(h) for h in homes)}
    assert not strangers
    assert users, f"nothing imports {library}: drop it here and in pyproject.toml"


def test_steps_import_nothing_of_ours_but_steps() -> None:
    home = "ibd_mobile.convert.steps"
    for path in (PACKAGE / "convert" / "steps").rglob("*.py"):
        ours = {m for m in imports(path) if m.startswith("ibd_mobile")}
        assert all(m == home or m.startswith(f"{home}.") for m in ours), path.name


#: what the loop is made of; workers' programs import the loop alone
PARTS_OF_LOOP = ("failure", "lost_time", "order", "seeded")


def test_workers_import_nothing_of_ours_but_the_loop() -> None:
    home = "ibd_mobile.workers"
    for path in (PACKAGE / "workers").glob("*.py"):
        is_of_loop = path.stem in ("loop", *PARTS_OF_LOOP)
        allowed = PARTS_OF_LOOP if is_of_loop else ("loop",)
        for module in imports(path):
            if module.startswith("ibd_mobile") and module != home:
                assert module.split(".")[:2] == home.split("."), path.name
                assert module.split(".")[2] in allowed, path.name
