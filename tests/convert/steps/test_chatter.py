import os
from pathlib import Path

import pytest

from ibd_mobile.convert.steps import chatter


def test_what_is_printed_is_kept_whoever_prints_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with chatter.kept(tmp_path / "log"):
        os.write(1, b"a page about each variable")
        os.write(2, b"from a library")
    print("after")
    kept = (tmp_path / "log").read_text()
    assert "each variable" in kept
    assert "from a library" in kept
    assert capfd.readouterr() == ("after\n", "")


def test_the_end_is_shown_where_something_breaks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        with chatter.kept(tmp_path / "log"):
            os.write(1, b"x" * 20_000 + b"the cause")
            raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        broken()
    out, err = capfd.readouterr()
    assert not out
    assert err.endswith("the cause")
    assert len(err) < 10_000
