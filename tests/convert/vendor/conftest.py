"""SDKs made of programs that behave as the public record says; the real ones were not at hand."""

import json
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import Request

DATA = Path(__file__).parents[2] / "data" / "vendor"

#: what every fake program does first: it keeps what it was called with
_PRELUDE = """\
import json, os, sys, time
from pathlib import Path
argv = sys.argv[1:]
def after(flag):
    return argv[argv.index(flag) + 1]
NAMES = ("PYTHONPATH", "LD_LIBRARY_PATH", "PATH", "SNPE_ROOT", "QNN_SDK_ROOT", "QAIRT_SDK_ROOT",
         "ANDROID_NDK_ROOT", "PYTHONHOME")
with open({calls!r}, "a") as file:
    env = {{name: os.environ[name] for name in NAMES if name in os.environ}}
    call = dict(program={name!r}, argv=argv, env=env, cwd=os.getcwd(), python=sys.executable)
    file.write(json.dumps(call) + "\\n")
"""


class FakeSdk:
    """A folder with programs that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls_file = root / "calls.jsonl"
        root.mkdir(parents=True)

    def program(self, path: str, body: str, *, is_script: bool = True) -> Path:
        """Write a program: a Python script, or something that starts by itself."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        code = _PRELUDE.format(calls=str(self.calls_file), name=place.name) + body
        if is_script:
            place.write_text(f"#!/usr/bin/env python3\n{code}")
        else:
            inner = place.with_name(f".{place.name}.py")
            inner.write_text(code)
            place.write_text(f'#!/bin/sh\nexec "{sys.executable}" -E "{inner}" "$@"\n')
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
        return place

    @property
    def calls(self) -> list[dict[str, Any]]:
        if not self.calls_file.exists():
            return []
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]

    def call(self, program: str) -> dict[str, Any]:
        """Return the one call of a program."""
        (call,) = [c for c in self.calls if c["program"] == program]
        return call


#: a converter or quantiser that does its work: says so, and writes what it was called with
CONVERT = """
Path(after({flag!r})).write_text(json.dumps(argv))
print({said!r}, file=sys.stderr)
"""
#: a runner that computes what `Network` computes, from raw files with the channels last
NET_RUN = """
import array
if argv == ["--version"]:
    print({version!r})
    sys.exit(0)
for k, line in enumerate(Path(after("--input_list")).read_text().splitlines()):
    values = array.array("f", Path(line).read_bytes())
    first = values[::3] if {is_nhwc} else values[:8]
    place = Path(after("--output_dir")) / f"Result_{{k}}"
    place.mkdir(parents=True)
    (place / "logits.raw").write_bytes(array.array("f", [sum(first), sum(values)]).tobytes())
print({said!r})
"""
DLC_INFO = """
print("| DLC created with converter version: {version} |")
print("| Total parameters: 26 (0 MB assuming single precision float) |")
print("| Total MACs per inference: 569M |")
"""
BIN = "bin/x86_64-linux-clang"


def recorded_part(name: str, first: int, last: int) -> str:
    """Return some lines of a recorded output."""
    return "\n".join((DATA / name).read_text().splitlines()[first:last])


def fill_snpe(sdk: FakeSdk, version: str = "2.10.0.4541") -> FakeSdk:
    """Give a folder all programs of an SNPE SDK; their words are the recorded ones."""
    log = "snpe_2.10_convert_and_quantize.txt"
    converted, quantized = recorded_part(log, 0, 5), recorded_part(log, 5, 11)
    for source in ("tensorflow", "onnx", "tflite"):
        body = CONVERT.format(flag="-o", said=converted)
        sdk.program(f"{BIN}/snpe-{source}-to-dlc", body.replace("'-o'", _OUTPUT))
    body = CONVERT.format(flag="--output_path", said=converted)
    sdk.program(f"{BIN}/snpe-pytorch-to-dlc", body)
    if version.startswith("1."):
        body = CONVERT.format(flag="--dlc", said=converted)
        sdk.program(f"{BIN}/snpe-caffe2-to-dlc", body)
    quantizer = "snpe-dlc-quantize" if version.startswith("1.") else "snpe-dlc-quant"
    body = CONVERT.format(flag="--output_dlc", said=quantized)
    sdk.program(f"{BIN}/{quantizer}", body, is_script=False)
    sdk.program(f"{BIN}/snpe-dlc-info", DLC_INFO.format(version=version))
    said = recorded_part("snpe_2.10_net_run.txt", 0, 7)
    body = NET_RUN.format(version=f"SNPE v{version}", is_nhwc=True, said=said)
    sdk.program(f"{BIN}/snpe-net-run", body, is_script=False)
    return sdk


_OUTPUT = "next(f for f in ('-o', '--output_path', '--dlc') if f in argv)"


@pytest.fixture
def snpe(sdk: FakeSdk, monkeypatch: pytest.MonkeyPatch) -> FakeSdk:
    """An SNPE SDK 2.10, named by the environment."""
    monkeypatch.setenv("SNPE_ROOT", str(sdk.root))
    return fill_snpe(sdk)


@pytest.fixture
def snpe_1(sdk: FakeSdk, monkeypatch: pytest.MonkeyPatch) -> FakeSdk:
    """An SNPE SDK 1.68, named by the environment."""
    monkeypatch.setenv("SNPE_ROOT", str(sdk.root))
    return fill_snpe(sdk, "1.68.0.3932")


GENERATE = """
LIBRARIES = {libraries!r}
place = Path(after("-o")) / after("-t")
place.mkdir(parents=True)
(place / f"lib{{Path(after('-c')).stem}}.so").write_bytes(LIBRARIES[after("-t")])
"""


@pytest.fixture
def qnn(sdk: FakeSdk, monkeypatch: pytest.MonkeyPatch, recorded: Any) -> FakeSdk:
    """A QNN SDK 2.13 with an NDK, named by the environment; `qairt-*` are there too."""
    monkeypatch.setenv("QNN_SDK_ROOT", str(sdk.root))
    monkeypatch.setenv("ANDROID_NDK_ROOT", str(sdk.root / "ndk"))
    sdk.program("ndk/ndk-build", "")
    sdk.program(f"{BIN}/clang++", "")
    version = recorded("qnn_2.13_version.txt")
    said = "[INFO] [Qnn Runtime] Finished Executing Graphs"
    sdk.program(
        f"{BIN}/qnn-net-run",
        NET_RUN.format(version=version, is_nhwc="'--dlc_path' not in argv", said=said),
        is_script=False,
    )
    converted = recorded_part("snpe_2.10_convert_and_quantize.txt", 2, 5)
    body = CONVERT.format(flag="-o", said=converted)
    sdk.program(
        f"{BIN}/qnn-onnx-converter", body + "Path(after('-o')[:-3] + 'bin').write_text('w')"
    )
    libraries = {"aarch64-android": elf(183), "x86_64-linux-clang": elf(62)}
    sdk.program(f"{BIN}/qnn-model-lib-generator", GENERATE.format(libraries=libraries))
    body = CONVERT.format(flag="--output_path", said=converted)
    sdk.program(f"{BIN}/qairt-converter", body)
    body = CONVERT.format(flag="--output_dlc", said="Successfully saved DLC to q.dlc")
    sdk.program(f"{BIN}/qairt-quantizer", body)
    sdk.program(f"{BIN}/snpe-dlc-info", DLC_INFO.format(version="2.13.2.230822171732_60416"))
    for library in ("libQnnCpu.so", "libQnnModelDlc.so"):
        path = sdk.root / "lib" / "x86_64-linux-clang" / library
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(elf(62))
    return sdk


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty settings folder and no SDK in the environment."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("SNPE_ROOT", "QNN_SDK_ROOT", "QAIRT_SDK_ROOT", "HIAI_OMG", "MACE_ROOT",
                 "ANDROID_NDK_ROOT"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    # a shim for python3, as pyenv has, would change the environment of what it starts
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    home = tmp_path / "config" / "ibd-mobile"
    home.mkdir(parents=True)
    return home


@pytest.fixture
def recorded() -> Any:
    """Return the text of a recorded output of a real tool."""
    return lambda name: (DATA / name).read_text()


@pytest.fixture
def sdk(tmp_path: Path) -> FakeSdk:
    return FakeSdk(tmp_path / "sdk")


@pytest.fixture
def network(tmp_path: Path) -> "Network":
    return Network(tmp_path)


class Network:
    """A network of 3×2×4 pictures and two classes, as far as a fake converter looks at it.

    Its answer is the sum of the first channel and that of all values.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        draw = np.random.default_rng(7)
        self.samples = draw.random((16, 3, 2, 4), dtype=np.float32)
        self.answers = np.stack(
            [self.samples[:, 0].sum((1, 2)), self.samples.sum((1, 2, 3))], axis=1
        )

    def request(self, name: str = "network.onnx", **changes: Any) -> Request:
        """Ask for the network, with all that any converter wants to know."""
        if "source" not in changes:
            path = self.folder / name
            path.write_bytes(b"a network")
            changes["source"] = {"model": str(path)}
        options = {
            "inputs": [{"name": "input", "dtype": "float32", "shape": [-1, 3, 2, 4]}],
            "outputs": [{"name": "logits", "dtype": "float32", "shape": [-1, 2]}],
        } | changes.pop("options", {})
        return Request(
            **({"folder": str(self.work), "file": "network.dlc"} | changes | {"options": options})
        )

    def arrays(self) -> dict[str, Any]:
        """Write samples, and what the source says to them; return the request's fields."""
        np.save(self.folder / "samples.npy", self.samples)
        np.savez(self.folder / "answers.npz", source_0=self.answers)
        return {
            "samples": str(self.folder / "samples.npy"),
            "calibration": str(self.folder / "samples.npy"),
            "options": {"source_outputs": str(self.folder / "answers.npz")},
        }


def elf(machine: int, *, is_cut: bool = False) -> bytes:
    """Make the least that is an ELF library: a header, and a table of two sections at its end."""
    body = b"code" * 8
    table = 64 + len(body)
    header = struct.pack(
        "<4sBBB9xHHIQQQIHHHHHH",
        b"\x7fELF", 2, 1, 1, 3, machine, 1, 0, 0, table, 0, 64, 0, 0, 64, 2, 1,
    )  # fmt: skip
    whole = header + body + bytes(128)
    return whole[:-1] if is_cut else whole


@pytest.fixture
def make_elf() -> Any:
    return elf


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that is dead and not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def alive() -> Any:
    assert os.path.isdir("/proc")  # noqa: PTH112
    return is_alive
