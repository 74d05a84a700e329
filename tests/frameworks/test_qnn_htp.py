from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import qnn_htp

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_onnxruntime_qnn(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(onnxruntime_qnn="7.0")
    monkeypatch.setenv("IBD_PYTHON_QNN_HTP", str(python))
    assert qnn_htp.formats == {"onnx"}
    assert qnn_htp.missing_reason(THIS, "desktop") == ""
    found = qnn_htp.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "onnxruntime")
    assert found.framework_version == "onnxruntime-qnn 7.0"
    assert "provider=qnn_htp" in found.argv
