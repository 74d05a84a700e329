"""What holds for all tests."""

import gc
import signal

# A shell starts background jobs with Ctrl-C ignored, nohup and CI runners ignore hang-ups, and both
# are inherited: programs under test would never see the signals that tests send.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(
            _number,
            signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL,
        )


def pytest_sessionfinish() -> None:
    """Undo what each command does for its own short life, lest libraries call it a leak."""
    gc.unfreeze()
