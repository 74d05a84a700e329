from pathlib import Path

from ibd_mobile.sim.truth import TRUTH_FIELDS, TruthWriter, read_truth


def test_rows_come_back_by_name(tmp_path: Path) -> None:
    writer = TruthWriter(tmp_path / "truth")
    values = [float(number) for number in range(1, len(TRUTH_FIELDS))]
    writer.add(123_456_789_012_345, *values)
    writer.close()
    rows = read_truth(tmp_path / "truth")
    assert rows["t_ns"].tolist() == [123_456_789_012_345]
    assert rows["power_w"].tolist() == [1.0]
    assert list(rows.dtype.names or ()) == list(TRUTH_FIELDS)


def test_half_a_row_is_not_read(tmp_path: Path) -> None:
    writer = TruthWriter(tmp_path / "truth")
    writer.add(1, *[0.0] * (len(TRUTH_FIELDS) - 1))
    writer.close()
    with (tmp_path / "truth").open("ab") as file:
        file.write(b"half")
    assert len(read_truth(tmp_path / "truth")) == 1
