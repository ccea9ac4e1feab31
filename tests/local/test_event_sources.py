"""Sources run until they are told to stop, whatever happens in them."""

import threading
from typing import Any

from infra.local.event_sources import EventSources, ScheduleSource
from infra.local.template import Schedule


class Flaky:
    def __init__(self) -> None:
        self.polled_again = threading.Event()
        self.polls = 0

    def poll(self) -> float:
        self.polls += 1
        if self.polls == 1:
            raise ValueError("jo@example.org")
        self.polled_again.set()
        return 60.0


def test_error_does_not_end_a_source_and_is_logged_by_type_alone(monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr("infra.local.event_sources.SECONDS_AFTER_AN_ERROR", 0.0)
    flaky = Flaky()
    sources = EventSources([flaky])
    sources.start()
    assert flaky.polled_again.wait(10)
    sources.stop()
    assert "ValueError" in caplog.text
    assert "jo@" not in caplog.text


def test_schedule_calls_its_function_and_comes_back_in_time() -> None:
    called: list[str] = []
    source = ScheduleSource(Schedule("housekeeping", 300), lambda function, _: called.append(function))
    assert source.poll() == 300.0
    assert called == ["housekeeping"]


def test_schedule_outlives_a_failure() -> None:
    def fail(_function: str, _event: dict[str, Any]) -> None:
        raise ValueError

    assert ScheduleSource(Schedule("housekeeping", 300), fail).poll() == 300.0
