import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim.node import Nodes


@given(st.lists(st.text("0123456789-", max_size=12), min_size=1, max_size=20))
def test_a_reader_finds_the_last_value_and_nothing_else(
    tmp_path_factory: "object", values: list[str]
) -> None:
    path = Path(tmp_path_factory.mktemp("node")) / "node"  # type: ignore[attr-defined]
    path.write_text("\n")
    descriptor = os.open(path, os.O_RDWR)
    try:
        nodes = Nodes({"/n": descriptor})
        for value in values:
            before = path.read_text().strip()
            nodes.show("/n", value)
            assert path.read_text().strip() in (before, value)
            nodes.flush()
            assert path.read_text() == value + "\n"
            assert nodes.read("/n") == value
    finally:
        os.close(descriptor)


def test_an_unchanged_value_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "node"
    path.write_text("\n")
    descriptor = os.open(path, os.O_RDWR)
    try:
        nodes = Nodes({"/n": descriptor})
        nodes.show("/n", "5")
        nodes.flush()
        path.write_text("touched\n")
        nodes.show("/n", "5")
        assert path.read_text() == "touched\n"
    finally:
        os.close(descriptor)


def test_a_reader_that_reads_twice_gets_no_mix(tmp_path: Path) -> None:
    path = tmp_path / "node"
    path.write_text("\n")
    descriptor = os.open(path, os.O_RDWR)
    reader = os.open(path, os.O_RDONLY)
    try:
        nodes = Nodes({"/n": descriptor})
        for old, new in [("0", "78125"), ("99843", "100156"), ("100156", "99843"), ("-5", "5")]:
            nodes.show("/n", old)
            nodes.flush()
            os.lseek(reader, 0, os.SEEK_SET)
            first = os.read(reader, 4096)
            nodes.show("/n", new)
            assert (first + os.read(reader, 4096)).split() == [old.encode()]
            os.lseek(reader, 0, os.SEEK_SET)
            first = os.read(reader, 4096)
            nodes.flush()
            assert (first + os.read(reader, 4096)).split() in ([old.encode()], [new.encode()])
    finally:
        os.close(reader)
        os.close(descriptor)
