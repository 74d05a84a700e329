"""The first process: what it starts has the right user, groups and surroundings."""

from .conftest import Handle


def test_programs_have_the_shells_groups(retail: Handle) -> None:
    groups = retail.shell("id -G").split()
    assert {"2000", "1004", "1007", "1011", "1015", "3003", "3009"} <= set(groups)


def test_programs_have_no_special_rights(retail: Handle) -> None:
    status = retail.shell("grep -E 'Cap(Eff|Prm)' /proc/self/status")
    assert set(status.split()[1::2]) == {"0000000000000000"}


def test_programs_start_in_the_root_folder_with_androids_environment(retail: Handle) -> None:
    told = retail.shell("pwd; echo $TMPDIR $ANDROID_ROOT $EXTERNAL_STORAGE $USER; umask")
    assert told == "/\n/data/local/tmp /system /sdcard shell\n022\n" or told.endswith("0022\n")


def test_programs_lead_their_own_session(retail: Handle) -> None:
    read = "read -r pid name state parent group session rest < /proc/$$/stat"
    pid, group, session = retail.shell(f"{read}; echo $pid $group $session").split()
    assert pid == group == session


def test_no_descriptor_of_the_daemon_is_left_open(retail: Handle) -> None:
    opened = retail.shell("for end in /proc/$$/fd/*; do readlink $end; done; true")
    assert "pipe" in opened
    assert "socket" not in opened


def test_orphans_are_reaped(retail: Handle) -> None:
    retail.shell("(sleep 0.1 & sleep 0.1 & sleep 0.1 &) </dev/null >/dev/null 2>&1")
    retail.shell("sleep 0.4")
    states = retail.shell("cat /proc/[0-9]*/stat 2>/dev/null; true")
    assert ") S " in states
    assert ") Z " not in states
