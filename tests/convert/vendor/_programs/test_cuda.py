import subprocess
import sys
from pathlib import Path

import pytest

STAND_INS = Path(__file__).parent / "stand_ins"
HOST = Path(__file__).parents[4] / "host"


def run(code: str, **env: str) -> str:
    """Run a program that has the stand-in for CUDA's library, and return what it prints."""
    head = f"import sys; sys.path[:0] = [{str(STAND_INS)!r}, {str(HOST)!r}]\n"
    head += "import numpy as np\nfrom ibd_mobile.convert.vendor._programs._cuda import *\n"
    head += "from ibd_mobile.convert.steps.step import Refused\n"
    done = subprocess.run(
        [sys.executable, "-B", "-c", head + code], env=env, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_what_goes_in_comes_out() -> None:
    code = """
a = np.arange(24, dtype=np.float32).reshape(4, 6).T  # not in one piece
cuda = Cuda()
place = cuda.reserve(a.nbytes)
cuda.put(place, a)
cuda.wait()
b = np.empty_like(np.ascontiguousarray(a))
cuda.get(b, place)
print((a == b).all())
"""
    assert run(code) == "True"


@pytest.mark.parametrize(
    ("gpu", "code", "said"),
    [
        ("", "print(gpu_name())", "Stand-in T4"),
        ("none", "gpu_name()", "CUDA says cudaErrorNoDevice"),
        ("full", "Cuda().reserve(10)", "CUDA says cudaErrorMemoryAllocation"),
    ],
)
def test_what_cuda_refuses_is_said(gpu: str, code: str, said: str) -> None:
    caught = f"try: {code}\nexcept Refused as refusal: print(refusal.problem)"
    assert run(caught, STAND_IN_GPU=gpu) == said
