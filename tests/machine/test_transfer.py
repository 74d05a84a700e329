import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.machine.transfer import free_bytes

TOYBOX = """\
Filesystem     1K-blocks     Used Available Use% Mounted on
/dev/block/dm-43  24000000 23000000   1000000  96% /data
"""
WRAPPED = """\
Filesystem              1K-blocks    Used Available Use% Mounted on
/dev/block/platform/soc/1d84000.ufshc/by-name/userdata
                         52428800 1048576  51380224   2% /data
"""
ANDROID_6 = """\
Filesystem               Size     Used     Free   Blksize
/data                   25.0G    13.5G    11.5G   4096
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TOYBOX, 1_000_000 * 1024),
        (WRAPPED, 51_380_224 * 1024),
        (ANDROID_6, int(11.5 * 2**30)),
        ("none\n" + TOYBOX, 1_000_000 * 1024),
        ("", None),
        ("df: /data: No such file or directory\n", None),
    ],
)
def test_free_space_is_read_from_both_layouts(text: str, expected: int | None) -> None:
    assert free_bytes(text) == expected


@given(st.text())
def test_no_answer_is_too_strange(text: str) -> None:
    found = free_bytes(text)
    assert found is None or isinstance(found, int)
