"""What every service needs: settings from the environment, log lines, and an end that comes promptly."""

import os
import select
import signal
import sys


def text_setting(name: str, default: str) -> str:
    return os.environ.get(name) or default


def number_setting(name: str, default: float, lowest: float, highest: float) -> float:
    """A number from the environment. A value that is none, or out of range, ends the service with a message."""
    text = os.environ.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        sys.exit(f"{name}: {text!r} is not a number")
    if not lowest <= value <= highest:
        sys.exit(f"{name}: {text} is not within {lowest:g} and {highest:g}")
    return value


def log(message: str) -> None:
    print(message, flush=True)


class StopSignal:
    """Tells when the container is to stop.

    A service is process 1 of its container, for which the kernel ignores SIGTERM unless there is a handler: docker would
    wait for ten seconds and then kill it.
    """

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)

    def wait(self, seconds: float | None = None) -> bool:
        """True as soon as the service is to stop; false when the time is over before that."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        return bool(ready)
