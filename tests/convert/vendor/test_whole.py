from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.vendor._whole import require_library, require_protobuf
from ibd_mobile.core.errors import DataError


def test_a_library_of_the_right_machine_is_whole(tmp_path: Path, make_elf: Any) -> None:
    (tmp_path / "a.so").write_bytes(make_elf(183))
    require_library(tmp_path / "a.so", "aarch64-android")


def test_a_real_library_of_this_computer_is_whole() -> None:
    import _ctypes
    import platform

    if platform.machine() != "x86_64":
        pytest.skip("another kind of computer")
    require_library(Path(_ctypes.__file__), "x86_64-linux-clang")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no 64-bit ELF library"),
        (b"#!/bin/sh\n" + bytes(100), "is no 64-bit ELF library"),
    ],
)
def test_what_is_no_library_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "a.so").write_bytes(content)
    with pytest.raises(DataError, match=problem):
        require_library(tmp_path / "a.so", "aarch64-android")


def test_a_library_for_another_machine_is_refused(tmp_path: Path, make_elf: Any) -> None:
    (tmp_path / "a.so").write_bytes(make_elf(62))
    with pytest.raises(DataError, match="is not for aarch64-android: its machine is number 62"):
        require_library(tmp_path / "a.so", "aarch64-android")


def test_a_library_that_lacks_its_last_byte_is_refused(tmp_path: Path, make_elf: Any) -> None:
    (tmp_path / "a.so").write_bytes(make_elf(183, is_cut=True))
    with pytest.raises(DataError, match="is cut short"):
        require_library(tmp_path / "a.so", "aarch64-android")


def field(number: int, payload: bytes) -> bytes:
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


MESSAGE = field(1, b"op" * 20) + b"\x10\x96\x01" + b"\x1d\x00\x00\x80\x3f" + field(4, b"name")


def test_a_whole_message_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.pb").write_bytes(MESSAGE + b"\x29" + bytes(8))
    require_protobuf(tmp_path / "a.pb")


@settings(deadline=None)  # files on a busy computer
@given(st.integers(0, len(MESSAGE) - 1))
def test_a_message_cut_within_a_field_is_refused(
    tmp_path_factory: pytest.TempPathFactory, kept: int
) -> None:
    ends = {42, 45, 50}  # a cut between two fields leaves a whole, shorter message
    path = tmp_path_factory.mktemp("pb") / "a.pb"
    path.write_bytes(MESSAGE[:kept])
    if kept in ends:
        require_protobuf(path)
    else:
        with pytest.raises(DataError, match="is no whole protobuf message"):
            require_protobuf(path)


@pytest.mark.parametrize("content", [b"text, not a message", b"\x00\x00", b"\xff" * 12, b"\x0b"])
def test_what_is_no_message_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pb").write_bytes(content)
    with pytest.raises(DataError, match="is no whole protobuf message"):
        require_protobuf(tmp_path / "a.pb")
