import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ibd_mobile.machine.adb import quote
from ibd_mobile.machine.marker import unwrap, wrap

NONCE = "5eed5eed5eed5eed"
SHELLS = [path for name in ("mksh", "dash", "bash") if (path := shutil.which(name))]
shells = pytest.mark.parametrize("shell", SHELLS, ids=lambda p: Path(p).name)


def ask(shell: str, argv: list[str]) -> bytes:
    script = wrap(quote(argv), NONCE)
    return subprocess.run([shell, "-c", script], capture_output=True, check=False).stdout


def test_a_shell_is_here_to_try_it_with() -> None:
    assert SHELLS


@shells
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300), code=st.integers(0, 255))
@example(content=b"\xc2\\", code=0)  # a letter's first half, which bash would not let go of
def test_any_output_comes_through_any_shell(
    shell: str, tmp_path_factory: pytest.TempPathFactory, content: bytes, code: int
) -> None:
    said = content.replace(b"\0", b"")
    file = tmp_path_factory.getbasetemp() / "said"
    file.write_bytes(said)
    answer = ask(shell, ["sh", "-c", 'cat "$1";exit "$2"', "sh", str(file), str(code)])
    done = unwrap(answer, NONCE)
    assert done is not None
    assert done.output.encode() == said.decode("utf-8", errors="replace").encode()
    assert done.code == code


@shells
def test_two_outputs_come_as_one_and_input_is_empty(shell: str) -> None:
    done = unwrap(ask(shell, ["sh", "-c", "echo a;echo b >&2;cat;echo c"]), NONCE)
    assert done is not None
    assert done.output == "a\nb\nc\n"


@shells
def test_a_megabyte_comes_through_whole(shell: str) -> None:
    done = unwrap(ask(shell, ["head", "-c", "1000000", "/dev/zero"]), NONCE)
    assert done is not None
    assert done.output == "", "NUL bytes do not survive a shell variable"
    done = unwrap(ask(shell, ["sh", "-c", "head -c 1000000 /dev/zero|tr '\\0' x"]), NONCE)
    assert done is not None
    assert done.output == "x" * 1_000_000


@shells
@pytest.mark.parametrize(
    ("argv", "code"),
    [(["exit", "7"], 7), (["/nowhere/program"], 127), (["sh", "-c", "kill -9 $$"], 137)],
    ids=["exit", "missing", "killed"],
)
def test_a_command_that_ends_oddly_still_has_its_code(
    shell: str, argv: list[str], code: int
) -> None:
    done = unwrap(ask(shell, argv), NONCE)
    assert done is not None
    assert done.code == code


def whole(output: bytes, code: int) -> bytes:
    return output + b"\n%s %d %d\n" % (NONCE.encode(), code, len(output))


@given(st.binary(max_size=400), st.integers(0, 255), st.data())
def test_every_truncation_is_refused(output: bytes, code: int, data: st.DataObject) -> None:
    answer = whole(output, code)
    cut = data.draw(st.integers(0, len(answer) - 1))
    assert unwrap(answer[:cut], NONCE) is None


@given(st.binary(min_size=1, max_size=400), st.data())
def test_a_lost_byte_in_the_middle_is_refused(output: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(output) - 1))
    answer = whole(output, 0)
    assert unwrap(answer[:at] + answer[at + 1 :], NONCE) is None


@given(st.binary(max_size=400).filter(lambda b: not b.endswith(b"\r")), st.integers(0, 255))
def test_an_answer_through_a_terminal_is_undone(output: bytes, code: int) -> None:
    done = unwrap(whole(output, code).replace(b"\n", b"\r\n"), NONCE)
    assert done == unwrap(whole(output, code), NONCE)
    assert done is not None


@given(st.binary(max_size=400))
def test_the_marker_of_another_command_is_refused(output: bytes) -> None:
    assert unwrap(whole(output, 0), "0123456789abcdef") is None


def test_an_old_marker_inside_the_output_is_output() -> None:
    inner = whole(b"before", 0)
    done = unwrap(whole(inner, 3), NONCE)
    assert done is not None
    assert done.output.encode() == inner
    assert done.code == 3
