from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import tflite_runtime

from .conftest import THIS


def test_its_worker_is_started_in_the_python_that_has_tflite_runtime(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    python = python_with(tflite_runtime="7.0")
    monkeypatch.setenv("IBD_PYTHON_TFLITE_RUNTIME", str(python))
    assert tflite_runtime.formats == {"tflite"}
    assert tflite_runtime.missing_reason(THIS, "desktop") == ""
    found = tflite_runtime.invocation(host_order)
    assert (found.argv[0], found.argv[3]) == (str(python), "tflite_runtime")
    assert found.framework_version == "tflite-runtime 7.0"
    assert not [word for word in found.argv if word.startswith(("provider=", "mode="))]
