"""Why and when the run stops."""

import signal
import threading
from types import FrameType

from infra.local.errors import CannotRunError, StoppedError


class Stopping:
    """Set once, by a signal or because the emulator has died. A further signal changes nothing."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._failure: str | None = None

    def listen_to_signals(self) -> None:
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    def fail(self, why: str) -> None:
        if not self._event.is_set():
            self._failure = why
            self._event.set()

    def check(self) -> None:
        if self._event.is_set():
            raise StoppedError

    def wait(self) -> None:
        """Raises CannotRunError where nobody asked for the stop."""
        self._event.wait()
        if self._failure:
            raise CannotRunError(self._failure)
