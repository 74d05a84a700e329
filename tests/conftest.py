"""What holds for all tests."""

import signal

# A shell starts background jobs with Ctrl-C ignored, nohup and CI runners ignore hang-ups, and both
# are inherited: programs under test would never see the signals that tests send.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(
            _number,
            signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL,
        )
