"""What a function says of the batch that it was given."""

import logging
from collections.abc import Callable
from typing import Any

Invoke = Callable[[str, dict[str, Any]], Any]
Record = dict[str, Any]

WHOLE_BATCH = frozenset({None})

_log = logging.getLogger("local.batches")


def failed_items(invoke: Invoke, function: str, event: dict[str, Any]) -> frozenset[str | None]:
    """The identifiers to try again; None among them stands for the whole batch."""
    try:
        result = invoke(function, event)
    except Exception as error:
        # The type alone: the text of an error may repeat what a visitor wrote.
        _log.warning("the %s function failed: %s", function, type(error).__name__)
        return WHOLE_BATCH
    failures = (result or {}).get("batchItemFailures") or []
    return frozenset(failure.get("itemIdentifier") or None for failure in failures)
