from pathlib import Path

from ibd_mobile.sim.order import (
    Order,
    State,
    is_alive,
    read_order,
    read_state,
    remove_run_files,
    write_order,
    write_state,
)


def test_an_order_arrives_as_it_was_given(tmp_path: Path) -> None:
    order = Order(profile="sd855", userdata="/data", speed=60, seed=3, knobs={"plugged": True})
    write_order(tmp_path, order)
    assert read_order(tmp_path) == order


def test_a_state_is_there_or_not(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    write_state(tmp_path, State(pid=5, port=6, profile="sd855"))
    assert read_state(tmp_path) == State(pid=5, port=6, profile="sd855")


def test_a_number_that_went_to_another_process_is_not_the_phone() -> None:
    assert not is_alive(State(pid=1))
    assert not is_alive(State(pid=0))


def test_run_files_go_altogether(tmp_path: Path) -> None:
    folder = tmp_path / "phone"
    (folder / "mnt").mkdir(parents=True)
    (folder / "log").write_text("x")
    remove_run_files(folder)
    assert not folder.exists()
