import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.environment import Needs
from ibd_mobile.core.errors import HostError, InputError
from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks._worker import LAUNCH, Worker, environment

NEEDS = Needs(">=3.11", ("iniconfig==2.1.0",))
ABSENT = Worker("absent", "loop", ("no-such-package",), NEEDS, "it cannot be had")
HERE = Worker("here", "loop", ("no-such-package", "numpy"), NEEDS)


@pytest.fixture(autouse=True)
def no_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("ABSENT", "HERE"):
        monkeypatch.delenv(f"IBD_PYTHON_{name}", raising=False)


def test_the_python_of_this_program_is_used_if_it_has_the_library(host_order: Order) -> None:
    found = HERE.invocation(host_order)
    assert found.argv[:4] == [sys.executable, "-P", str(LAUNCH), "loop"]
    assert found.framework_version.startswith("numpy 1.")
    assert HERE.missing_reason("desktop") == ""


def test_what_is_not_installed_is_named_with_the_way_to_get_it(host_order: Order) -> None:
    reason = ABSENT.missing_reason("desktop")
    assert reason == (
        "the package no-such-package is not installed; `ibd-mobile doctor --prepare absent` makes"
        " a Python that has it; it cannot be had"
    )
    with pytest.raises(HostError, match="no-such-package"):
        ABSENT.invocation(host_order)


def test_no_worker_runs_on_a_phone() -> None:
    assert HERE.missing_reason("mobile") == "here runs on hosts only"


def test_a_python_that_a_person_names_comes_first(
    python_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    other = python_with(numpy="99.1")
    monkeypatch.setenv("IBD_PYTHON_HERE", str(other))
    found = HERE.invocation(host_order)
    assert found.argv[0] == str(other)
    assert found.framework_version == "numpy 99.1"


def test_a_named_python_without_the_library_is_not_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setenv("IBD_PYTHON_HERE", str(bare))
    reason = HERE.missing_reason("desktop")
    assert reason.startswith(f"{bare}, which IBD_PYTHON_HERE names, has no package no-such-package")


def test_a_named_python_that_is_none_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IBD_PYTHON_HERE", str(tmp_path / "gone"))
    assert "gone cannot be asked what it has" in HERE.missing_reason("desktop")


def test_a_python_that_is_too_old_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\necho \'[[3, 9], {"numpy": "1.20"}]\'\n')
    old.chmod(0o755)
    monkeypatch.setenv("IBD_PYTHON_HERE", str(old))
    assert HERE.missing_reason("desktop").endswith("is older than Python 3.11, which workers need")


def test_the_environment_made_for_a_framework_is_found(
    python_with: Callable[..., Path], host_order: Order
) -> None:
    own = environment("absent") / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(python_with(no_such_package="2.0"))
    found = ABSENT.invocation(host_order)
    assert (found.argv[0], found.framework_version) == (str(own), "no-such-package 2.0")


def test_the_engine_is_told_precision_card_and_where_it_keeps_what_it_builds(
    host_order: Order,
) -> None:
    order = msgspec.structs.replace(host_order, card="GPU-1")
    builder = Worker("here", "loop", ("numpy",), NEEDS, "", ("mode=fast",), builds_engines=True)
    words = builder.invocation(order).argv
    options = [value for option, value in pairwise(words) if option == "--option"]
    assert options[0] == "mode=fast"
    assert options[1] == "precision=float16"
    assert options[2].startswith("cache=/")
    assert options[3] == "card=GPU-1"
    assert "cache=" not in " ".join(HERE.invocation(host_order).argv)


def test_an_environment_is_made_and_then_used(
    monkeypatch: pytest.MonkeyPatch, host_order: Order
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    worker = Worker("absent", "loop", ("iniconfig-of-old", "iniconfig"), NEEDS)
    python = worker.prepare()
    assert python == environment("absent") / "bin" / "python"
    monkeypatch.setenv("IBD_PYTHON_ABSENT", str(python))
    found = worker.invocation(host_order)
    assert (found.argv[0], found.framework_version) == (str(python), "iniconfig 2.1.0")


def test_an_environment_that_cannot_be_made_is_told_in_the_tools_words() -> None:
    needs = Needs(">=3.11", ("no-such-thing-at-all @ file:///nowhere",))
    with pytest.raises(InputError, match=r"cannot be made: .*nowhere"):
        Worker("absent", "loop", ("no-such-package",), needs).prepare()
