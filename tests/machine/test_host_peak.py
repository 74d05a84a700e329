import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.device import Processor
from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import Completed
from ibd_mobile.machine.host_peak import Measured, with_peaks
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.probe import platform_of

CPU = Processor(id="cpu", name="CPU", no_peak_reason="not known")
LINE = '{"precision":"float32","isa":"avx2 fma","ops_per_s":2e11}\n'
LINE_INT8 = '{"precision":"int8","isa":"avx512_vnni","ops_per_s":9e11}\n'


class Telling(LocalLink):
    """This computer, but its `ibd_peak` says what a test says."""

    def __init__(self, output: str, code: int = 0) -> None:
        super().__init__()
        self.output, self.code, self.count = output, code, 0

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        self.count += 1
        return super().run(
            ["sh", "-c", 'printf "%s" "$1"; exit "$2"', "sh", self.output, str(self.code)],
            timeout_s=timeout_s,
            check=check,
        )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_it_is_measured_once_and_kept() -> None:
    link = Telling(LINE)
    found = [with_peaks(CPU, link, {"host.isa": "avx2 fma"}) for _ in range(2)]
    assert link.count == 1
    assert found[0] == found[1]
    (peak,) = found[0].peaks
    assert (peak.precision, peak.ops_per_s, peak.status) == ("float32", 2e11, "measured")
    assert "avx2 fma instructions alone" in peak.source
    assert "(avx2 fma)" in found[0].no_peak_reason


def test_another_computer_is_measured_anew() -> None:
    link = Telling(LINE)
    with_peaks(CPU, link, {"host.processor": "a"})
    with_peaks(CPU, link, {"host.processor": "b"})
    assert link.count == 2


def test_tiles_that_are_not_measured_give_no_peak() -> None:
    found = with_peaks(CPU, Telling(LINE + LINE_INT8), {"host.isa": "avx512_vnni amx_int8"})
    assert [p.precision for p in found.peaks] == ["float32"]
    assert "AMX" in found.no_peak_reason
    plain = with_peaks(CPU, Telling(LINE + LINE_INT8), {"host.isa": "avx512_vnni"})
    assert [p.precision for p in plain.peaks] == ["float32", "int8"]


@pytest.mark.parametrize(("output", "code"), [("", 79), ("nonsense\n", 0)])
def test_what_cannot_be_measured_stays_unknown(output: str, code: int) -> None:
    assert with_peaks(CPU, Telling(output, code), {}) == CPU


def peaks_of_this(*words: str) -> dict[str, float]:
    program = payload(platform_of(LocalLink()), "ibd_peak")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=True)
    lines = [msgspec.json.decode(line, type=Measured) for line in done.stdout.splitlines()]
    return {line.precision: line.ops_per_s for line in lines}


def test_a_core_of_this_computer_has_a_peak_that_repeats() -> None:
    first, second = (peaks_of_this("--cpus", "0", "--seconds", "0.5") for _ in range(2))
    assert first["float32"] == pytest.approx(second["float32"], rel=0.2)
    per_cycle = 64  # no core of today does more than two 512-bit multiply-adds a cycle
    assert 1e9 < first["float32"] < per_cycle * 7e9


def test_a_word_that_is_no_processor_is_refused() -> None:
    program = payload(platform_of(LocalLink()), "ibd_peak")
    for cpus in ("", "a", "-1", "0;1", "99999999"):
        done = subprocess.run([program, "--cpus", cpus], capture_output=True, check=False)
        assert done.returncode == 64, cpus
