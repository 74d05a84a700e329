from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import pytorch_compiled

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_torch(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(torch="7.0")
    monkeypatch.setenv("IBD_PYTHON_PYTORCH_COMPILED", str(python))
    assert pytorch_compiled.formats == {"pt2"}
    assert pytorch_compiled.missing_reason(THIS, "desktop") == ""
    found = pytorch_compiled.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "pytorch")
    assert found.framework_version == "torch 7.0"
    assert "mode=compiled" in found.argv
