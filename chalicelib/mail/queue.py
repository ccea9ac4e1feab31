"""The mail queue: outbox ids go in, nothing else ever does. And the queue of its dead letters.

What a message asks for stands in the outbox, so a dead letter loses nothing: it says that somebody must
mend something first.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

# SQS's own limit for one batch.
_BATCH = 10
# While they are looked at they are hidden, so that the next look sees others; then they are back.
_LOOK_SECONDS = 5
_LOOKS = 10
# While they are moved nobody else may take them.
_MOVE_SECONDS = 30
# Ids of our own making; whatever else is in a message is not repeated.
_ID = re.compile("[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True)
class DeadLetter:
    """`outbox_id` is None where the message is not one of ours."""

    outbox_id: str | None
    sent_at: datetime


@dataclass(frozen=True)
class MailQueue:
    """`client` is botocore's, None in functions that have nothing to do with the queue."""

    client: Any
    url: str
    dead_letter_url: str

    def send(self, outbox_ids: list[str]) -> set[str]:
        """Send each id as a message; return those that were not taken."""
        failed: set[str] = set()
        for start in range(0, len(outbox_ids), _BATCH):
            batch = outbox_ids[start : start + _BATCH]
            entries = [{"Id": str(i), "MessageBody": _body(id_)} for i, id_ in enumerate(batch)]
            try:
                answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            except (BotoCoreError, ClientError):
                failed |= set(batch)
            else:
                failed |= {batch[int(failure["Id"])] for failure in answer.get("Failed", [])}
        return failed

    def send_later(self, outbox_id: str, seconds: int) -> None:
        """Bring an id again after `seconds` (at most 900, SQS's own limit). Raises Unavailable."""
        with _unavailable("SendMessage"):
            self.client.send_message(QueueUrl=self.url, MessageBody=_body(outbox_id), DelaySeconds=seconds)

    def list_dead_letters(self) -> tuple[int, list[DeadLetter]]:
        """Return about how many there are, and up to 100 of them, which stay. Raises Unavailable."""
        found: dict[str, dict[str, Any]] = {}
        with _unavailable("ReceiveMessage"):
            for _ in range(_LOOKS):
                messages = self._take_dead_letters(_LOOK_SECONDS)
                if not messages:
                    break
                found |= {message["MessageId"]: message for message in messages}
            count = self._count_dead_letters()
        return max(len(found), count), [_read(message) for message in found.values()]

    def redrive(self) -> int:
        """Bring every dead letter to the mail function again; return how many. Raises Unavailable.

        Sent before it is deleted: one that is brought twice is mailed once, one that is lost is lost.
        """
        moved = 0
        with _unavailable("SendMessage"):
            while messages := self._take_dead_letters(_MOVE_SECONDS):
                for message in messages:
                    self.client.send_message(QueueUrl=self.url, MessageBody=message["Body"])
                    self.client.delete_message(
                        QueueUrl=self.dead_letter_url, ReceiptHandle=message["ReceiptHandle"]
                    )
                    moved += 1
        return moved

    def _take_dead_letters(self, hidden_seconds: int) -> list[dict[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.dead_letter_url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=hidden_seconds,
            AttributeNames=["SentTimestamp"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _count_dead_letters(self) -> int:
        named = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client.get_queue_attributes(QueueUrl=self.dead_letter_url, AttributeNames=named)
        return sum(int(answer["Attributes"].get(name, 0)) for name in named)


@contextmanager
def _unavailable(operation: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(operation) from error


def _body(outbox_id: str) -> str:
    return json.dumps({"outbox_id": outbox_id})


def _read(message: dict[str, Any]) -> DeadLetter:
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    try:
        outbox_id = json.loads(message["Body"])["outbox_id"]
        known = isinstance(outbox_id, str) and _ID.fullmatch(outbox_id)
    except (ValueError, KeyError, TypeError):
        known = None
    return DeadLetter(outbox_id if known else None, sent_at)
