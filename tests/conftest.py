"""What holds for all tests."""

import gc
import os
import signal
from pathlib import Path

import pytest

from tests.mini_studies import MiniStudyRuns

# A shell starts background jobs with Ctrl-C ignored, nohup and CI runners ignore hang-ups, and both
# are inherited: programs under test would never see the signals that tests send.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(
            _number,
            signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL,
        )


# Tests give programs caches of their own. uv's is shared all the same: it holds what it downloaded.
os.environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))


def pytest_sessionfinish() -> None:
    """Undo what each command does for its own short life, lest libraries call it a leak."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def mini_study_runs(tmp_path_factory: pytest.TempPathFactory) -> MiniStudyRuns:
    """Runs of the mini studies: `mini_study_runs("precision_mini", "host_cpu")` is a folder."""
    return MiniStudyRuns(tmp_path_factory.mktemp("mini-studies"))
