from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import openvino

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_openvino(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(openvino="7.0")
    monkeypatch.setenv("IBD_PYTHON_OPENVINO", str(python))
    assert openvino.formats == {"onnx"}
    assert openvino.missing_reason(THIS, "desktop") == ""
    found = openvino.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "openvino")
    assert found.framework_version == "openvino 7.0"
    assert not [word for word in found.argv if word.startswith(("provider=", "mode="))]
