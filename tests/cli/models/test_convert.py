import json
import re
from pathlib import Path

from tests.keyboard import Command
from tests.small_network import network


def test_a_conversion_tells_each_step_with_what_it_took_and_how_alike_it_is(
    ibd: Command, lab: Path
) -> None:
    said = ibd("models", "convert", "small", "--to", "caffe2")
    assert said.code == 0, said.err
    assert "converting small (caffe2) → float32 caffe2, step onnx_to_caffe2 …" in said.err
    heading, row, place = said.out.splitlines()
    assert heading.split() == [
        "step", "made", "MiB", "s", "peak", "MiB", "noise", "cosine", "top-1",
    ]  # fmt: skip
    assert re.fullmatch(
        r"onnx_to_caffe2\s+float32 caffe2\s+0\.00\s+[\d.]+\s+[1-9]\d+\s+\S+e-\d+\s+1\.00000\s+100%",
        row,
    )
    assert place.startswith("kept in ")


def test_the_second_time_it_is_there_already(ibd: Command, lab: Path) -> None:
    first = ibd("models", "convert", "small", "--to", "caffe2")
    second = ibd("models", "convert", "small", "--to", "caffe2")
    assert "converting" not in second.err
    assert first.out == second.out


def test_json_holds_the_whole_record_of_each_stage(ibd: Command, lab: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("models", "convert", "small", "--to", "caffe2", "--json", "--out", str(out))
    said = ibd(*words)
    assert said.err == ""
    (stage,) = json.loads(said.out)["stages"]
    assert stage["step"] == "onnx_to_caffe2"
    assert stage["likeness"][0]["top1_agreement_ratio"] == 1.0
    assert (out / stage["file"]).is_file()
    assert (out / "artifact.json").is_file()


def test_what_is_not_a_format_is_refused_with_the_list(ibd: Command, lab: Path) -> None:
    said = ibd("models", "convert", "small", "--to", "tfnite")
    assert said.code == 3
    assert "Invalid enum value 'tfnite'" in said.err


def test_a_training_framework_that_does_not_give_it_is_refused(ibd: Command, lab: Path) -> None:
    said = ibd("models", "convert", "small", "--training-framework", "pytorch")
    assert said.code == 3
    assert "model 'small': is not given by 'pytorch'\n  Known: caffe2." in said.err


def test_a_corrupted_source_ends_with_its_own_code(ibd: Command, lab: Path) -> None:
    network(lab, op="Sigmoid")
    said = ibd("models", "convert", "small", "--to", "caffe2")
    assert said.code == 8
    assert "what came was thrown away" in said.err


def test_a_vendors_sdk_that_is_not_here_is_said_so(ibd: Command, lab: Path) -> None:
    said = ibd("models", "convert", "small", "--to", "dlc")
    assert said.code == 4
    assert "SNPE SDK: is not named anywhere" in said.err
    assert "SNPE_ROOT" in said.err
