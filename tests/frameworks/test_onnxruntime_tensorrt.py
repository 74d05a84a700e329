from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import onnxruntime_tensorrt

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_onnxruntime_gpu(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(onnxruntime_gpu="7.0")
    monkeypatch.setenv("IBD_PYTHON_ONNXRUNTIME_TENSORRT", str(python))
    assert onnxruntime_tensorrt.formats == {"onnx"}
    assert onnxruntime_tensorrt.missing_reason(THIS, "desktop") == ""
    found = onnxruntime_tensorrt.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "onnxruntime")
    assert found.framework_version == "onnxruntime-gpu 7.0"
    assert "provider=tensorrt" in found.argv
    assert [word for word in found.argv if word.startswith("cache=")]
