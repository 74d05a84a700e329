r"""The end marker that tells a whole answer from one that was cut short.

The exit status of adb cannot: Debian's adb 29 exits 0 where a phone died in the middle of a
command, and a phone without shell v2 sends no status at all. So each command carries a nonce
of its own, and its answer ends in the line `<nonce> <exit code> <bytes before the marker>`.
"""

import re

from ibd_mobile.core.seams import Completed

# The shell of Android is mksh, where `printf` is no builtin (an argument of it ends at 128 KiB)
# but `print` is; elsewhere it is the other way round. Output is held in a variable, since a
# phone may have no place for temporary files; the x keeps its last line ends. By then letters are
# bytes (LC_ALL): bash, taking the x off an output that ends in a part of a letter, gives garbage.
_WRAPPER = """\
p(){{ if [ "$KSH_VERSION" ];then print -rn -- "$1";else printf %s "$1";fi;}}
o=$( ({command}) </dev/null 2>&1;c=$?;echo x;exit $c);c=$?;LC_ALL=C;o=${{o%x}}
p "$o";echo;echo {nonce} $c $(p "$o"|wc -c)"""

#: longer than any marker line, so that only the tail of an answer need be searched
_TAIL_BYTES = 128


def wrap(command: str, nonce: str) -> str:
    """Make the script that runs a quoted command and closes its output with the marker.

    Args:
        command: one command line, already quoted.
        nonce: letters and digits, new for each command.
    """
    return _WRAPPER.format(command=command, nonce=nonce)


def unwrap(answer: bytes | bytearray, nonce: str) -> Completed | None:
    r"""Return what the command said and its exit code, or None if any byte is missing.

    NUL bytes do not survive a shell variable; whatever is binary has to be pulled. A phone that
    answers through a terminal turns \n into \r\n; that is undone, and the count proves it.

    >>> unwrap(b"hi\n\nn0nce 0 3\n", "n0nce").output
    'hi\n'
    >>> unwrap(b"hi\n\nn0nce 0 3", "n0nce") is None
    True
    """
    if answer.endswith(b"\r\n"):
        answer = answer.replace(b"\r\n", b"\n")
    pattern = rb"\n" + nonce.encode("ascii") + rb" (\d{1,3}) +(\d{1,12})\n\Z"
    start = max(0, len(answer) - _TAIL_BYTES)
    found = re.search(pattern, answer[start:])
    if found is None or int(found[2]) != start + found.start():
        return None
    output = answer[: start + found.start()].decode("utf-8", errors="replace")
    return Completed(output=output, code=int(found[1]))
