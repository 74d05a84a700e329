"""Where a lab says that its SDKs are: `sdks.toml` in its settings folder."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import platformdirs

from ibd_mobile.catalog.flaw import Flaw, flaws
from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.core.device import Noun

FILE = "sdks.toml"


class SdkSetting(Noun, frozen=True, kw_only=True):
    """A folder with an SDK, and the Python that its scripts run in."""

    root: str = ""
    python: str = ""  #: "" = python3 of the search path


class QnnSetting(SdkSetting, frozen=True, kw_only=True):
    """QNN or QAIRT; its library generator needs Android's NDK."""

    ndk: str = ""  #: the NDK's folder; "" = ANDROID_NDK_ROOT


class OmgSetting(Noun, frozen=True, kw_only=True):
    """HiAI's offline model generator."""

    omg: str = ""  #: the wrapper tools_omg/omg, not the binary below it
    version: str = ""  #: of the DDK, as its folder is called; the program does not tell


class Sdks(Noun, frozen=True, kw_only=True):
    """All of `sdks.toml`; a table that is missing is an SDK that the lab does not name."""

    snpe: SdkSetting = SdkSetting()
    qnn: QnnSetting = QnnSetting()
    hiai: OmgSetting = OmgSetting()
    mace: SdkSetting = SdkSetting()


@flaws.register
def _of_sdks(sdks: Sdks) -> Iterator[Flaw]:
    for table in sdks.__struct_fields__:
        setting = getattr(sdks, table)
        for key in setting.__struct_fields__:
            value = getattr(setting, key)
            # what "opt/snpe" means would depend on the folder that one happens to stand in
            if key != "version" and value and not value.startswith(("/", "~/")):
                yield f"{table}.{key}", f"expected an absolute path, found '{value}'"


def settings_file() -> Path:
    """Say where the lab's `sdks.toml` is, or would be."""
    return platformdirs.user_config_path("ibd-mobile") / FILE


def settings() -> Sdks:
    """Read the lab's `sdks.toml`; where there is none, nothing is named.

    Raises:
        InputError: the file is not what it should be.
    """
    path = settings_file()
    return read_toml(path, Sdks) if path.exists() else Sdks()


def named_path(setting: str, variables: Sequence[str]) -> Path | None:
    """Return the path that a setting names, or else the first of some environment variables."""
    for value in (setting, *(os.environ.get(name, "") for name in variables)):
        if value:
            return Path(value).expanduser()
    return None
