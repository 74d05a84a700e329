from pathlib import Path

from ibd_mobile.sim import program


def test_there_is_a_shell() -> None:
    assert Path(program.shell_path()).exists()


def test_borrowed_tools_exist_here() -> None:
    for name, place in program.borrowed().items():
        assert Path("/usr/bin", Path(place).name).exists(), name


def test_the_tools_that_make_or_break_a_phone_are_ours() -> None:
    tools = program.toybox_tools()
    assert not {"su", "mount", "reboot", "login", "chroot"} & set(tools)
