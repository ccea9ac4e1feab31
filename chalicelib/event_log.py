"""What a function says of what it did: one JSON object a line. Ids, states, numbers; nobody's words.

A line that counts something is in CloudWatch's embedded metric format too, so that metrics come of it without
a call, a library or a cold start's time:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import datetime

NAMESPACE = "Frontdesk"
_log = logging.getLogger("frontdesk")


class EventLog:
    """One a function's environment, which handles one event at a time. `now` is the clock."""

    def __init__(self, stage: str, function: str, now: Callable[[], datetime]) -> None:
        self._stage = stage
        self._function = function
        self._now = now
        self._request_id = ""
        self._counts: dict[str, float] = {}
        self._cold = True

    def begin(self, request_id: str) -> None:
        """What is noted from now on is part of this invocation."""
        self._request_id = request_id

    def count(self, metric: str, number: float = 1) -> None:
        """Say `metric` with the next line. One that ends in `Seconds` is in seconds, another a count."""
        self._counts[metric] = self._counts.get(metric, 0) + number

    def note(self, event: str, facts: Mapping[str, object], *, failed: bool = False) -> None:
        """Write a line; `failed` makes it an error, which alarms and LOG_LEVEL tell apart."""
        line = {"event": event, "function": self._function, "request_id": self._request_id, **facts}
        if self._cold:
            line["cold_start"] = True
            self._cold = False
        line |= self._metrics()
        _log.log(logging.ERROR if failed else logging.INFO, json.dumps(line))

    def _metrics(self) -> dict[str, object]:
        counts, self._counts = self._counts, {}
        if not counts:
            return {}
        metrics = [{"Name": name, "Unit": _unit_of(name)} for name in counts]
        described = {"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": metrics}
        about = {"Timestamp": int(self._now().timestamp() * 1000), "CloudWatchMetrics": [described]}
        return {"_aws": about, "Stage": self._stage, **counts}


def write_lines(level: str) -> None:
    """Write each line to standard output as it is, which Lambda takes for a log event of its own.

    Lambda's own handler would put level, time and request id before it: then it is no JSON any more. Calling
    it twice is the same as once: on one machine several environments share a process.
    """
    if not _log.handlers:
        _log.addHandler(logging.StreamHandler(sys.stdout))
        _log.propagate = False
    # No line of any logger here says where it came from (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    _log.setLevel(level)


def _unit_of(metric: str) -> str:
    return "Seconds" if metric.endswith("Seconds") else "Count"
