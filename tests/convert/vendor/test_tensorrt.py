import json
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import COMPARED
from ibd_mobile.convert.vendor import tensorrt
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed, PayloadTimeout

STAND_INS = Path(__file__).parent / "_programs" / "stand_ins"
MODEL = {"shape": [-1, 3, 2, 4], "layers": [["CONVOLUTION", "FLOAT"]]}


@pytest.fixture
def python(lab: Path, tmp_path: Path) -> Any:
    """Name a Python that has the stand-ins of NVIDIA's libraries, or does what a test wants."""
    infos = tmp_path / "infos"
    for name in ("tensorrt_cu12", "cuda_bindings", "onnxruntime"):
        (infos / f"{name}-10.13.dist-info").mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 10.13\n"
        (infos / f"{name}-10.13.dist-info" / "METADATA").write_text(text)
    path = tmp_path / "python with tensorrt"

    def write(building: str = "") -> Path:
        """Write it; `building` is a shell's line instead of the program that builds."""
        start = f'exec "{sys.executable}" -B "$@"'
        path.write_text(
            f'#!/bin/sh\nexport PYTHONPATH="{STAND_INS}:{infos}:$PYTHONPATH"\n'
            f'if [ "$2" = --facts ]; then {start}; fi\n{building or start}\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        (lab / "sdks.toml").write_text(f'[tensorrt]\npython = "{path}"\n')
        return path

    write()
    return write


def ask(network: Any, model: dict[str, Any] | None = None, **changes: Any) -> Any:
    path = network.folder / "network.onnx"
    path.write_text(json.dumps(model or MODEL))
    fields = network.arrays() | {"source": {"model": str(path)}, "file": "network.engine"}
    return network.request(**(fields | changes))


def test_onnx_becomes_an_engine_of_this_gpu(python: Any, network: Any) -> None:
    made = tensorrt.convert(ask(network, precision="int8"))
    assert (network.work / "network.engine").is_file()
    assert made.is_compared
    assert made.companions == {"calibration": "network.calibration"}
    assert made.tools["tensorrt"] == "10.13.3.9"
    assert made.tools["gpu"] == "Stand-in T4"
    assert made.inputs[0].shape == [-1, 3, 2, 4]
    with np.load(network.work / COMPARED) as compared:
        assert compared["target_0"] == pytest.approx(network.answers, rel=1e-5)


def test_the_key_of_an_engine_is_its_gpu_version_network_and_precision() -> None:
    here = {"tensorrt": "10.13.3.9", "gpu": "Tesla T4"}
    key = tensorrt.engine_key(here, "ab" * 32, "int8")
    others = [
        tensorrt.engine_key(here | {"gpu": "Tesla P4"}, "ab" * 32, "int8"),
        tensorrt.engine_key(here | {"tensorrt": "10.12.0"}, "ab" * 32, "int8"),
        tensorrt.engine_key(here, "ac" * 32, "int8"),
        tensorrt.engine_key(here, "ab" * 32, "float16"),
    ]
    assert len({key, *others}) == 5
    assert tensorrt.engine_key(here, "ab" * 32, "int8") == key


def test_a_refusal_has_tensorrt_s_words_and_names_version_and_gpu(
    python: Any, network: Any
) -> None:
    with pytest.raises(InputError) as caught:
        tensorrt.convert(ask(network, MODEL | {"unknown": "Erf"}))
    assert caught.value.subject == "TensorRT 10.13.3.9 on Stand-in T4"
    assert "No importer registered for op: Erf" in caught.value.problem
    assert not (network.work / "network.engine").exists()


@pytest.mark.parametrize(
    ("building", "problem"),
    [
        ("exit 0", "ended with 0: without a word"),
        ("echo Segmentation fault; kill -SEGV $$", "ended with 139: Segmentation fault"),
        ("echo killed; exit 1", "ended with 1: killed"),
    ],
)
def test_a_program_that_ends_without_an_answer_made_nothing(
    python: Any, network: Any, building: str, problem: str
) -> None:
    python(building)
    (network.work / "answer.json").write_text('{"made": {}}')  # of an earlier run
    with pytest.raises(PayloadFailed, match=problem):
        tensorrt.convert(ask(network))


def test_an_answer_without_an_engine_is_not_believed(python: Any, network: Any) -> None:
    made = {"inputs": [], "outputs": [], "layout": "NCHW", "batch": 1}
    answer = json.dumps({"made": made, "tools": {}})
    python(f"echo '{answer}' > answer.json")
    with pytest.raises(PayloadFailed, match="wrote no engine"):
        tensorrt.convert(ask(network))


@pytest.mark.parametrize("answer", ["{", "[]", '{"made": 3, "tools": {}}', '{"made": {}}'])
def test_an_answer_that_is_none_is_damaged_data(python: Any, network: Any, answer: str) -> None:
    python(f"echo '{answer}' > answer.json")
    with pytest.raises(DataError, match="is not a step's answer"):
        tensorrt.convert(ask(network))


def test_a_build_that_hangs_is_stopped(python: Any, network: Any) -> None:
    python("sleep 600")
    with pytest.raises(PayloadTimeout):
        tensorrt.convert(ask(network, options={"limit_s": 1.0}))


def test_other_sources_are_refused_before_anything_runs(network: Any) -> None:
    with pytest.raises(InputError, match="does not read tflite"):
        tensorrt.convert(network.request("network.tflite"))


def test_a_python_without_tensorrt_is_named_with_what_to_install(
    lab: Path, network: Any, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'tensorrt'\"; exit 1\n"
    )
    python.chmod(0o755)
    (lab / "sdks.toml").write_text(f'[tensorrt]\npython = "{python}"\n')
    reason = f"TensorRT cannot be used by {python}: ModuleNotFoundError: No module named 'tensorrt'"
    assert tensorrt.missing_reason() == reason
    with pytest.raises(HostError) as caught:
        tensorrt.convert(ask(network))
    assert "A Python there that has tensorrt" in caught.value.remedy
    assert str(lab / "sdks.toml") in caught.value.remedy


def test_nothing_is_compared_in_silence(python: Any, network: Any) -> None:
    made = tensorrt.convert(ask(network, samples=""))
    assert not made.is_compared
    assert made.notes[-1] == "not verified: there are no samples to ask both networks"


def test_a_computer_that_shows_no_gpu_is_asked_for_nothing_more(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this computer has a GPU")
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = "TensorRT needs an NVIDIA GPU, and this computer shows none"
    assert tensorrt.missing_reason() == reason
    with pytest.raises(HostError, match="needs an NVIDIA GPU"):
        tensorrt.convert(ask(network))
    (tmp_path / "nvidia-smi").touch(mode=0o755)
    assert tensorrt.missing_reason() == ""


def test_a_gpu_that_does_not_answer_is_named(
    python: Any, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tensorrt.missing_reason() == ""
    monkeypatch.setenv("STAND_IN_GPU", "none")
    assert "CUDA says cudaErrorNoDevice" in tensorrt.missing_reason()
