from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.machine.host_cpu import pick_cores, pick_cpus


def write(folder: Path, cpu: int, siblings: str, max_khz: int | None = None) -> None:
    topology = folder / f"cpu{cpu}" / "topology"
    topology.mkdir(parents=True)
    (topology / "thread_siblings_list").write_text(f"{siblings}\n")
    if max_khz is not None:
        (folder / f"cpu{cpu}" / "cpufreq").mkdir()
        (folder / f"cpu{cpu}" / "cpufreq" / "cpuinfo_max_freq").write_text(f"{max_khz}\n")


@pytest.fixture
def two_threads_a_core(tmp_path: Path) -> Path:
    """Two cores with two threads each, numbered as most kernels do: 0 and 2 share a core."""
    for cpu in range(4):
        write(tmp_path, cpu, f"{cpu % 2},{cpu % 2 + 2}")
    return tmp_path


def test_every_core_has_a_thread_before_one_has_two(two_threads_a_core: Path) -> None:
    def pick(count: int) -> list[int]:
        return pick_cpus(count, allowed=[0, 1, 2, 3], folder=two_threads_a_core)

    assert [pick(n) for n in (1, 2, 3, 4)] == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


def test_neighbours_in_number_on_one_core_are_told_apart(tmp_path: Path) -> None:
    for cpu in range(4):
        write(tmp_path, cpu, f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}")
    assert pick_cpus(2, allowed=range(4), folder=tmp_path) == [0, 2]


def test_fast_cores_come_first(tmp_path: Path) -> None:
    for cpu, khz in enumerate((2_000_000, 2_000_000, 4_500_000, 4_500_000)):
        write(tmp_path, cpu, str(cpu), khz)
    assert pick_cpus(2, allowed=range(4), folder=tmp_path) == [2, 3]
    assert pick_cpus(3, allowed=range(4), folder=tmp_path) == [0, 2, 3]


def test_what_a_container_may_not_use_is_not_used(two_threads_a_core: Path) -> None:
    assert pick_cpus(2, allowed=[1, 3], folder=two_threads_a_core) == [1, 3]
    assert pick_cpus(9, allowed=[1, 3], folder=two_threads_a_core) == [1, 3]


@given(st.integers(1, 64), st.sets(st.integers(0, 63), min_size=1))
def test_as_many_as_asked_for_or_all_that_may_be_used(count: int, allowed: set[int]) -> None:
    picked = pick_cpus(count, allowed=allowed, folder=Path("/nowhere"))
    assert len(picked) == min(count, len(allowed))
    assert set(picked) <= allowed
    assert picked == sorted(picked)


def test_of_every_core_one_is_picked(two_threads_a_core: Path) -> None:
    assert pick_cores(allowed=range(4), folder=two_threads_a_core) == [0, 1]
    assert pick_cores(allowed=[1, 2, 3], folder=two_threads_a_core) == [1, 2]
    assert pick_cores(allowed=[4, 7], folder=Path("/nowhere")) == [4, 7]


def test_this_computer_has_one_at_least() -> None:
    assert pick_cpus(1)
    assert set(pick_cpus(1)) <= set(pick_cores()) | set(pick_cpus(99))
