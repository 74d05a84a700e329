from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import COMPARED
from ibd_mobile.convert.vendor import _dlc, _sdk
from ibd_mobile.convert.vendor._source import source_of
from ibd_mobile.core.errors import DataError, HostError, PayloadFailed

RUNNER = _dlc.HostRunner(
    "snpe-net-run", ("--container", "network.dlc"), r"^Successfully executed(?:!| graph .+)\s*$"
)


def compare(network: Any, request: Any, *, sdk: _sdk.Sdk | None = None) -> str:
    source = source_of(request, "SNPE", ("onnx",), ("float32",))
    return _dlc.compare(
        request, source, sdk or _sdk.open_sdk(_sdk.SNPE), RUNNER, is_transposed=True
    )


def test_a_container_is_read_by_the_sdk_s_own_reader(snpe: Any, network: Any) -> None:
    info = _dlc.require_whole(_sdk.open_sdk(_sdk.SNPE), Path("/x/m.dlc"), network.work)
    assert info == _dlc.DlcInfo("2.10.0.4541", "569M")
    assert snpe.call("snpe-dlc-info")["argv"] == ["-i", "/x/m.dlc"]


def test_a_container_that_the_reader_cannot_read_is_refused(snpe: Any, network: Any) -> None:
    snpe.program("bin/x86_64-linux-clang/snpe-dlc-info", "print('Unable to load model')")
    with pytest.raises(PayloadFailed, match="Unable to load model"):
        _dlc.require_whole(_sdk.open_sdk(_sdk.SNPE), Path("/x/m.dlc"), network.work)


def test_a_container_of_the_other_major_version_is_refused(snpe: Any, network: Any) -> None:
    snpe.program(
        "bin/x86_64-linux-clang/snpe-dlc-info",
        "print('DLC created with converter version: 1.54.2.2899')",
    )
    with pytest.raises(DataError, match=r"made by converter 1\.54\.2\.2899, not by SNPE SDK 2\.10"):
        _dlc.require_whole(_sdk.open_sdk(_sdk.SNPE), Path("/x/m.dlc"), network.work)


def test_newer_sdks_have_the_reader_under_another_name(snpe: Any, network: Any) -> None:
    folder = snpe.root / "bin" / "x86_64-linux-clang"
    (folder / "snpe-dlc-info").rename(folder / "qairt-dlc-info")
    _dlc.require_whole(_sdk.open_sdk(_sdk.SNPE), Path("/x/m.dlc"), network.work)
    (folder / "qairt-dlc-info").unlink()
    with pytest.raises(HostError, match="has no snpe-dlc-info"):
        _dlc.require_whole(_sdk.open_sdk(_sdk.SNPE), Path("/x/m.dlc"), network.work)


def test_both_networks_say_the_same_to_the_same_samples(snpe: Any, network: Any) -> None:
    assert compare(network, network.request(**network.arrays())) == ""
    with np.load(network.work / COMPARED) as compared:
        assert compared["source_0"] == pytest.approx(network.answers)
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)
    assert snpe.calls[-1]["argv"] == [
        *("--container", "network.dlc", "--input_list", "samples.txt", "--output_dir", "said")
    ]


@pytest.mark.parametrize("recording", ["snpe_2.10_net_run.txt", "snpe_2.22_net_run.txt"])
def test_the_recorded_words_of_the_runner_are_understood(recorded: Any, recording: str) -> None:
    import re

    assert re.search(RUNNER.success, recorded(recording), re.MULTILINE)
    without = recorded(recording).replace("Successfully", "")
    assert not re.search(RUNNER.success, without, re.MULTILINE)


def test_outputs_of_an_earlier_comparison_are_not_taken_for_new_ones(
    snpe: Any, network: Any
) -> None:
    for k in range(len(network.samples)):
        stale = network.work / "said" / f"Result_{k}"
        stale.mkdir(parents=True)
        (stale / "logits.raw").write_bytes(bytes(8))
    said = "print('SNPE v2.10.0.4541'); print('Successfully executed!')"
    snpe.program("bin/x86_64-linux-clang/snpe-net-run", said, is_script=False)
    with pytest.raises(DataError, match="has no output logits; there is nothing"):
        compare(network, network.request(**network.arrays()))


def test_a_runner_that_fails_on_what_was_made_is_no_reason_to_skip(snpe: Any, network: Any) -> None:
    sdk = _sdk.open_sdk(_sdk.SNPE)
    snpe.program(
        "bin/x86_64-linux-clang/snpe-net-run",
        "print('error_code=402; error_message=Network partition has failed.'); sys.exit(1)",
        is_script=False,
    )
    with pytest.raises(PayloadFailed, match="error_code=402"):
        compare(network, network.request(**network.arrays()), sdk=sdk)


def test_why_nothing_is_compared_is_said(snpe: Any, network: Any) -> None:
    assert compare(network, network.request()) == "there are no samples to ask both networks"
    larger = network.request(batch=4, **network.arrays())
    assert compare(network, larger).startswith("the runner takes one sample at a time")
    sdk = _sdk.open_sdk(_sdk.SNPE)
    (sdk.programs / "snpe-net-run").unlink()
    why_not = compare(network, network.request(**network.arrays()), sdk=sdk)
    assert why_not == "the SDK has no snpe-net-run for this computer"
