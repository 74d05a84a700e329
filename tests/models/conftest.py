"""The models' own scripts, loaded by path as the product loads them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

MINI = Path(__file__).resolve().parents[2] / "models" / "mini"
sys.path.append(str(MINI))  # where the scripts' shared packages lie


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ibd_models_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def mini() -> Path:
    return MINI


@pytest.fixture(scope="session")
def shapes() -> ModuleType:
    return load(MINI / "shapes.py")


@pytest.fixture(scope="session")
def scenes() -> ModuleType:
    return load(MINI / "scenes.py")


@pytest.fixture(scope="session")
def textures() -> ModuleType:
    return load(MINI / "textures.py")
