import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.workers.failure import Failure, Status
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes
from tests.splitmix import MASK, splitmix64


@given(st.integers(0, MASK), st.integers(1, 40))
def test_a_seed_gives_the_published_stream(seed: int, count: int) -> None:
    tensor = TensorInfo("x", "uint8", [count], count)
    assert seeded_bytes([tensor], seed) == bytes(x >> 56 for x in splitmix64(seed, count))


@given(st.integers(0, MASK))
def test_every_type_is_drawn_from_the_same_stream_in_order(seed: int) -> None:
    tensors = [
        TensorInfo("a", "float32", [3], 12),
        TensorInfo("b", "int8", [2], 2),
        TensorInfo("c", "int32", [4], 16),
    ]
    content = seeded_bytes(tensors, seed)
    draws = splitmix64(seed, 9)
    reals = np.frombuffer(content[:12], np.float32)
    assert reals.tolist() == [(x >> 40) * 2.0**-24 for x in draws[:3]]
    assert ((reals >= 0) & (reals < 1)).all()
    assert content[12:14] == bytes(x >> 56 for x in draws[3:5])
    assert np.frombuffer(content[14:], np.int32).tolist() == [(x >> 33) % 2 for x in draws[5:]]


@given(st.integers(0, MASK))
def test_types_of_hosts_take_as_many_bits_as_they_hold(seed: int) -> None:
    tensors = [
        TensorInfo("a", "float16", [2], 4),
        TensorInfo("b", "bfloat16", [2], 4),
        TensorInfo("c", "int64", [2], 16),
    ]
    content = seeded_bytes(tensors, seed)
    draws = splitmix64(seed, 6)
    halves = np.frombuffer(content[:4], np.float16)
    assert halves.tolist() == [(x >> 53) * 2.0**-11 for x in draws[:2]]
    upper = np.frombuffer(content[4:8], np.uint16).astype(np.uint32) << 16
    assert upper.view(np.float32).tolist() == [(x >> 56) * 2.0**-8 for x in draws[2:4]]
    assert np.frombuffer(content[8:], np.int64).tolist() == [(x >> 33) % 2 for x in draws[4:]]


def test_an_input_without_a_rule_is_refused() -> None:
    with pytest.raises(Failure, match="no seeded input for float64") as caught:
        seeded_bytes([TensorInfo("x", "float64", [1], 8)], 1)
    assert caught.value.status is Status.INPUT_UNREADABLE
