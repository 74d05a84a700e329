import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ibd_mobile.core.file import open_atomic, sha256_of, write_atomic


def test_a_file_is_written_whole_and_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_atomic(path, b"content")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "text is not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_that_is_written_part_by_part_gets_its_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with open_atomic(path) as file:
        for part in (b"one ", b"two"):
            file.write(part)
            assert not path.exists()
    assert path.read_bytes() == b"one two"
    with pytest.raises(RuntimeError), open_atomic(path) as file:  # noqa: PT012
        file.write(b"three")
        raise RuntimeError
    assert path.read_bytes() == b"one two"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_writer_that_is_killed_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    script = (
        "import sys; from pathlib import Path\n"
        "from ibd_mobile.core.file import write_atomic\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; write_atomic(Path(sys.argv[1]), bytes([n % 256]) * 1_000_000)\n"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)])
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.05)
        process.kill()
        process.wait()
        content = path.read_bytes()
        assert len(content) == 1_000_000
        assert len(set(content)) == 1


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()
