"""The steps of a rehearsal, told as they go: one line each, and of the one that fails why."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class Steps:
    """`clock` gives seconds; `say` prints one line."""

    def __init__(self, say: Callable[[str], None] = print, clock: Clock = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._begun = clock()
        self.current = "Before the first step"

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Tells what was done once it is done; if it fails, `current` still names it."""
        self.current = what
        begun = self._clock()
        yield
        self._say(f"{self._clock() - begun:5.1f} s  {what}")

    def seconds(self) -> float:
        """Since the first."""
        return self._clock() - self._begun
