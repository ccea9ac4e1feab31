"""What the mail side's functions are called with, and what they answer: batches in, failures out.

A failed record fails alone (partial batch response): see
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and, for streams,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html.
"""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from chalicelib.errors import Unavailable, WrongFunction
from chalicelib.mail.delivering import count_state, handle
from chalicelib.mail.delivery_events import note_report
from chalicelib.mail.housekeeping import find_ages, tidy
from chalicelib.wiring import Desk

# Longer than it takes to become a dead letter (5 receives, 3 minutes apart) and to be seen to.
_POISON_RESTS = timedelta(days=1)


def relay_batch(event: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Carry the ids of what was inserted into the outbox from its stream to the mail queue."""
    _check_function(desk, "relay")
    inserted = [r for r in event["Records"] if r["eventName"] == "INSERT"]
    outbox_ids = [record["dynamodb"]["Keys"]["outbox_id"]["S"] for record in inserted]
    failed = desk.queue.send(outbox_ids)
    # A stream is retried from its first failure on: who comes twice is told apart by the claim.
    numbers = [
        r["dynamodb"]["SequenceNumber"] for r, id_ in zip(inserted, outbox_ids, strict=True) if id_ in failed
    ]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers[:1]]}


def mail_batch(event: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Handle each outbox id that the queue brings; those that could not be handled come again."""
    _check_function(desk, "mail")
    failures = [record["messageId"] for record in event["Records"] if not _handle_record(record, desk)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


def note_event(event: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Move a delivery as SES reports through EventBridge; answer which, and to which state."""
    _check_function(desk, "delivery_events")
    noted = note_report(event["detail"], desk)
    count_state(noted["state"], desk)
    desk.log.note("delivery_event", noted, failed=noted["state"] == "failed")
    return noted


def keep_house(desk: Desk) -> dict[str, Any]:
    """Move on whatever in the outbox should have moved on by itself; say how many of each kind."""
    _check_function(desk, "housekeeping")
    moved = tidy(desk)
    # Figures, and no more: what they cannot be had of has been tidied all the same.
    with suppress(Unavailable):
        for metric, seconds in find_ages(desk).items():
            desk.log.count(metric, seconds)
    desk.log.note("housekeeping", moved)
    return moved


def _handle_record(record: dict[str, Any], desk: Desk) -> bool:
    outbox_id = ""
    try:
        outbox_id = str(json.loads(record["body"])["outbox_id"])
        handle(outbox_id, desk)
    except Exception as error:
        # One poison message must not harm the others. Its type says enough; its text may say too much.
        name = type(error).__name__
        desk.log.note("mail_failed", {"id": outbox_id, "error": name}, failed=True)
        if outbox_id and not isinstance(error, Unavailable):
            _set_aside(outbox_id, name, desk)
        return False
    return True


def _set_aside(outbox_id: str, reason: str, desk: Desk) -> None:
    """Say on the row why it is stuck, and keep housekeeping from queueing it again and again.

    Best effort: the message comes back, and ends as a dead letter, in any case.
    """
    with suppress(Exception):
        desk.store.outbox.postpone(outbox_id, desk.now() + _POISON_RESTS, reason)


def _check_function(desk: Desk, function: str) -> None:
    if desk.settings.function != function:
        raise WrongFunction
