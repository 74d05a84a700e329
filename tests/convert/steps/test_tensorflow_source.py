from pathlib import Path

import pytest

from .conftest import NETWORKS, Asked, Runs, truncated

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
ENDS = {"inputs": ["picture"], "outputs": ["odd"]}


def with_node(op: str, path: Path) -> Path:
    """Add a node «odd» to the frozen graph: protobuf messages merge where they are joined."""
    fields = ((0x0A, b"odd"), (0x12, op.encode()), (0x1A, b"picture"))
    node = b"".join(bytes([tag, len(text)]) + text for tag, text in fields)
    path.write_bytes((NETWORKS / "frozen.pb").read_bytes() + bytes([0x0A, len(node)]) + node)
    return path


@pytest.mark.parametrize(
    ("op", "words"), [("Frobnicate", ["Frobnicate"]), ("ReadFile", ["ReadFile", "reaches outside"])]
)
def test_an_op_that_is_unknown_or_reaches_outside_is_named(
    op: str, words: list[str], tmp_path: Path, request_of: Asked, run_step: Runs
) -> None:
    path = with_node(op, tmp_path / "odd.pb")
    problem = run_step("frozen_to_tflite", request_of(path, options=ENDS)).problem
    assert all(word in problem for word in words), problem


def test_half_a_graph_is_refused(tmp_path: Path, request_of: Asked, run_step: Runs) -> None:
    half = truncated("frozen.pb", tmp_path)
    problem = run_step("frozen_to_tflite", request_of(half, options=ENDS)).problem
    assert "half_frozen.pb" in problem
    assert "not all of one" in problem
