import inspect
import time
from typing import Any

import pytest

from ibd_mobile.convert.vendor import _family
from ibd_mobile.core import registry
from ibd_mobile.core.errors import HostError, InputError

IDS = registry.member_ids(_family.PACKAGE)


def test_every_vendor_is_a_file_of_its_name() -> None:
    assert IDS == ["hiai", "mace", "qairt", "qnn", "snpe", "tensorrt"]


@pytest.mark.parametrize("id", IDS)
def test_a_vendor_has_all_that_is_asked_of_it(id: str) -> None:
    one = _family.vendor(id)
    for name, asked in vars(_family.Vendor).items():
        if name.startswith("_") or not inspect.isfunction(asked):
            continue
        expected = [p for p in inspect.signature(asked).parameters if p != "self"]
        assert list(inspect.signature(getattr(one, name)).parameters) == expected
    assert "float32" in one.precisions
    assert one.formats_from


@pytest.mark.parametrize("id", IDS)
def test_a_vendor_that_is_missing_says_so_in_one_line(
    id: str, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    reason = _family.vendor(id).missing_reason()
    assert reason
    assert "\n" not in reason
    with pytest.raises(HostError) as caught:
        _family.run(id, network.request())
    assert "sdks.toml" in caught.value.remedy


def test_the_ways_of_all_vendors_are_listed() -> None:
    legs = {(leg.id, leg.takes, leg.makes): leg.precisions for leg in _family.legs()}
    assert legs["snpe", "caffe2", "dlc"] == ("float32", "int8")
    assert legs["tensorrt", "onnx", "engine"] == ("float16", "float32", "int8")
    assert legs["hiai", "tf_frozen", "om"] == ("float16", "float32", "int8")
    assert len(legs) == len(_family.legs())


def test_a_conversion_is_told_as_a_step_tells_it(snpe: Any, network: Any) -> None:
    answer, is_compared = _family.run("snpe", network.request(**network.arrays()))
    assert is_compared
    assert answer.made.layout == "NHWC"
    assert answer.tools["snpe_major"] == "2"
    assert answer.wall_s > 0
    assert answer.peak_bytes == 0 or answer.peak_bytes > 1 << 20


def test_a_person_can_stop_a_program_that_runs(snpe: Any, network: Any) -> None:
    snpe.program("bin/x86_64-linux-clang/snpe-onnx-to-dlc", "time.sleep(600)")
    started_s = time.monotonic()

    def stop() -> None:
        if time.monotonic() - started_s > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _family.run("snpe", network.request(), stop)
    assert time.monotonic() - started_s < 60


def test_an_unknown_vendor_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'snpe'"):
        _family.vendor("snep")
