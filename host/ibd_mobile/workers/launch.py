"""Starts a worker under any Python, whether or not this package is installed there.

`python -P …/launch.py NAME OPTIONS…` shows that Python the package by its place, and nothing else
that lies beside it: a framework's environment keeps its own versions of everything.
"""

import importlib.util
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the worker named by the first word with the words after it.

    Raises:
        SystemExit: always; with the worker's status, or a text where the word names no worker.
    """
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    folder = Path(__file__).resolve().parent
    if not name.isidentifier() or not (folder / f"{name}.py").is_file():
        sys.exit(f"there is no worker '{name}'")
    package = folder.parent
    _show(package)
    runpy.run_module(f"{package.name}.workers.{name}", run_name="__main__", alter_sys=True)


def _show(package: Path) -> None:
    """Make a package importable that is on no path, before any other of its name."""
    spec = importlib.util.spec_from_file_location(
        package.name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        sys.exit(f"{package} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[package.name] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    main()
