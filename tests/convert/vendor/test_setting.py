from pathlib import Path

import pytest

from ibd_mobile.convert.vendor._setting import Sdks, named_path, settings, settings_file
from ibd_mobile.core.errors import InputError


def test_a_lab_without_the_file_names_nothing() -> None:
    assert settings() == Sdks()
    assert settings().snpe.root == ""


def test_each_table_of_the_file_is_an_sdk(lab: Path) -> None:
    (lab / "sdks.toml").write_text(
        '[snpe]\nroot = "/opt/snpe-2.10"\npython = "/opt/venv/bin/python"\n'
        '[qnn]\nroot = "/opt/qairt"\nndk = "~/ndk"\n'
        '[hiai]\nomg = "/opt/ddk/tools_omg/omg"\nversion = "100.510.020.010"\n'
    )
    found = settings()
    assert settings_file() == lab / "sdks.toml"
    assert (found.snpe.root, found.snpe.python) == ("/opt/snpe-2.10", "/opt/venv/bin/python")
    assert (found.qnn.root, found.qnn.ndk) == ("/opt/qairt", "~/ndk")
    assert (found.hiai.omg, found.hiai.version) == ("/opt/ddk/tools_omg/omg", "100.510.020.010")
    assert found.mace.root == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[snep]\nroot = "/opt"', "snep"),
        ('[snpe]\nrot = "/opt"', "rot"),
        ('[snpe]\nroot = "opt/snpe"', "snpe.root: expected an absolute path, found 'opt/snpe'"),
        ("[snpe]\nroot = 2", "snpe.root"),
        ("[snpe", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(lab: Path, text: str, problem: str) -> None:
    (lab / "sdks.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        settings()
    assert "sdks.toml" in caught.value.subject
    assert problem in str(caught.value)


def test_the_file_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNPE_ROOT", "/from/environment")
    assert named_path("/from/file", ("SNPE_ROOT",)) == Path("/from/file")
    assert named_path("", ("NO_SUCH_ROOT", "SNPE_ROOT")) == Path("/from/environment")
    assert named_path("", ("NO_SUCH_ROOT",)) is None


def test_a_path_may_begin_at_the_person_s_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert named_path("~/snpe", ()) == Path("/home/somebody/snpe")
