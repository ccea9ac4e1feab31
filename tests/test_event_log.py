"""Lines of the log: one JSON object each, with metrics in CloudWatch's embedded format."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from chalicelib.event_log import EventLog
from tests.stack import ROOT

AT = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> EventLog:
    caplog.set_level(logging.INFO, "frontdesk")
    made = EventLog("prod", "mail", lambda: AT)
    made.begin("r1")
    return made


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.getMessage()) for record in caplog.records]


def test_line_says_what_happened_where_and_in_which_invocation(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.note("delivery", {"id": "d1", "state": "sent"})
    facts = {"event": "delivery", "function": "mail", "request_id": "r1", "id": "d1", "state": "sent"}
    assert lines(caplog) == [{**facts, "cold_start": True}]


def test_only_the_first_line_of_an_environment_is_a_cold_start(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.note("a", {})
    log.begin("r2")
    log.note("b", {})
    first, second = lines(caplog)
    assert first["cold_start"] is True
    assert "cold_start" not in second
    assert second["request_id"] == "r2"


def test_failure_is_an_error(log: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    log.note("a", {})
    log.note("b", {}, failed=True)
    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]


def test_counts_are_metrics_of_the_next_line_and_of_no_other(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.count("MailSent")
    log.count("MailSent")
    log.count("OldestPendingMailSeconds", 90)
    log.note("a", {})
    log.note("b", {})
    first, second = lines(caplog)
    # The members that the embedded metric format's schema requires.
    assert first["_aws"] == {
        "Timestamp": 1772600767890,
        "CloudWatchMetrics": [
            {
                "Namespace": "Frontdesk",
                "Dimensions": [["Stage"]],
                "Metrics": [
                    {"Name": "MailSent", "Unit": "Count"},
                    {"Name": "OldestPendingMailSeconds", "Unit": "Seconds"},
                ],
            }
        ],
    }
    assert (first["Stage"], first["MailSent"], first["OldestPendingMailSeconds"]) == ("prod", 2, 90)
    assert "_aws" not in second


def test_lines_go_to_standard_output_as_they_are_and_once() -> None:
    # With the app: Chalice too gives a logger a handler, and with a word before each line there is no metric.
    code = (
        "import logging; logging.basicConfig(format='[%(levelname)s] %(message)s'); import app; "
        "from chalicelib.event_log import EventLog, write_lines; from datetime import UTC, datetime; "
        "write_lines('INFO'); write_lines('INFO'); "
        "EventLog('prod', 'public', lambda: datetime.now(UTC)).note('a', {'n': 1})"
    )
    command = [sys.executable, "-c", code]
    packaging = {**os.environ, "AWS_CHALICE_CLI_MODE": "true"}
    run = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=packaging, capture_output=True, text=True, check=True
    )
    [line] = run.stdout.splitlines()
    assert json.loads(line)["event"] == "a"
    assert run.stderr == ""
