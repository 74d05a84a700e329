import platform
import sys
from pathlib import Path

import pytest

from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import BroughtFile
from ibd_mobile.machine.local import LocalLink

PLATFORM = f"{sys.platform}-{platform.machine()}"


@pytest.fixture
def link(tmp_path: Path) -> LocalLink:
    return LocalLink(tmp_path / "machine")


@pytest.fixture
def programs(tmp_path: Path) -> list[BroughtFile]:
    """The sampler, the fake engine's program, and a model that it does not look into."""
    nodes = tmp_path / "nodes.tsv"
    nodes.write_text("uptime\t/proc/uptime\n")
    model = tmp_path / "model.bin"
    model.write_bytes(b"no network")
    return [
        BroughtFile(role="sampler", source=payload(PLATFORM, "ibd_sampler")),
        BroughtFile(role="program", source=payload(PLATFORM, "ibd_bench")),
        BroughtFile(role="nodes", source=nodes),
        BroughtFile(role="model", source=model),
    ]
