"""What feeds the functions beside HTTP, each source in a thread of its own.

A source knows nothing of threads: `poll` does one round and says in how many seconds to come back.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from infra.local.aws import REGION
from infra.local.batches import Invoke, failed_items
from infra.local.stream_source import StreamSource
from infra.local.template import Schedule

SECONDS_AFTER_AN_ERROR = 1.0
SECONDS_TO_STOP = 35.0

_log = logging.getLogger("local.event_sources")


class Source(Protocol):
    def poll(self) -> float: ...


class ScheduleSource:
    def __init__(self, schedule: Schedule, invoke: Invoke) -> None:
        self._schedule = schedule
        self._invoke = invoke

    def poll(self) -> float:
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "region": REGION, "detail": {}}
        # A failure is logged there, and the schedule has no other memory of it.
        failed_items(self._invoke, self._schedule.function, event)
        return float(self._schedule.seconds)


class EventSources:
    """A thread for each source, until told to stop."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_polling, args=[source], daemon=True) for source in sources
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(SECONDS_TO_STOP)
        for source in self._sources:
            if isinstance(source, StreamSource):
                _try(source.drain)

    def _keep_polling(self, source: Source) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = _try(source.poll) or 0.0


def _try(step: Callable[[], float | None]) -> float | None:
    """No error ends a thread. Its type alone is logged: its text may repeat what a visitor wrote."""
    try:
        return step()
    except Exception as error:
        _log.warning("an event source failed: %s", type(error).__name__)
        return SECONDS_AFTER_AN_ERROR
