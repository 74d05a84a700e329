import msgspec
import pytest

from ibd_mobile.core.device import Device, Peak, Processor


def device() -> Device:
    return Device(
        schema=1,
        id="x",
        name="X",
        deployment="mobile",
        recognise=[],
        processors=[Processor(id="cpu", name="CPU", peaks=[])],
    )


def test_a_processor_is_found_by_kind() -> None:
    assert device().processor("cpu") is not None
    assert device().processor("npu") is None


def test_nouns_are_frozen() -> None:
    with pytest.raises(AttributeError):
        device().name = "Y"  # type: ignore[misc]


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(
            {"precision": "int8", "ops_per_s": 1, "status": "confirmed", "clock": "", "source": "",
             "gops": 1},
            Peak,
        )  # fmt: skip
