from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import onnxruntime

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_onnxruntime(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(onnxruntime="7.0")
    monkeypatch.setenv("IBD_PYTHON_ONNXRUNTIME", str(python))
    assert onnxruntime.formats == {"onnx"}
    assert onnxruntime.missing_reason(THIS, "desktop") == ""
    found = onnxruntime.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "onnxruntime")
    assert found.framework_version == "onnxruntime 7.0"
    assert not [word for word in found.argv if word.startswith(("provider=", "mode="))]
