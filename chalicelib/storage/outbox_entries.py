"""The outbox as it is looked at: its rows by state or by address, without the address itself.

Key: the outbox table's (see outbox.py).

| access | index | key | who |
|---|---|---|---|
| one row | table | outbox_id | staff, mail, delivery events |
| what is overdue in a state | by-state | state, position | housekeeping |
| what is in a state, and how many | by-state | state, position | staff, housekeeping |
| the mail to one address | by-recipient | recipient_hmac, outbox_id | staff |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.outbox import OutboxEntry, State
from chalicelib.storage.dynamodb import Count, Database, Item, values
from chalicelib.storage.people import of_address
from chalicelib.times import from_text, to_text

BY_STATE = "by-state"
BY_RECIPIENT = "by-recipient"


@dataclass(frozen=True)
class OutboxPage:
    entries: list[OutboxEntry]
    next_key: dict[str, Any] | None


class OutboxEntries:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def get(self, outbox_id: str) -> OutboxEntry:
        """Raises NotFound; also of an order that has become deliveries."""
        item = self._database.find(self._name, {"outbox_id": outbox_id})
        if item is None or "state" not in item:
            raise NotFound
        return _to_entry(item)

    def list_overdue(self, state: State, at: datetime, limit: int) -> list[OutboxEntry]:
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_STATE,
            KeyConditionExpression="#state = :state AND #position < :now",
            ExpressionAttributeNames={"#state": "state", "#position": "position"},
            ExpressionAttributeValues=values(state=state, now=to_text(at)),
            Limit=limit,
        )
        return [_to_entry(item) for item in found.items]

    def list_by_state(
        self, state: State, *, newest_first: bool, limit: int, after: dict[str, Any] | None
    ) -> OutboxPage:
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_STATE,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=values(state=state),
            ScanIndexForward=not newest_first,
            Limit=limit,
            **({"ExclusiveStartKey": after} if after else {}),
        )
        return OutboxPage([_to_entry(item) for item in found.items], found.last_key)

    def count(self, state: State, most_pages: int) -> Count:
        """How many rows are in a state."""
        return self._database.count(
            most_pages,
            TableName=self._name,
            IndexName=BY_STATE,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=values(state=state),
        )

    def list_to_recipient(
        self, recipient_hmac: str, after: str | None, *, even_expired: bool
    ) -> Iterator[OutboxEntry]:
        """The mail to one address, by its keyed hash: in the order of ids, behind the id `after`."""
        by = (BY_RECIPIENT, "recipient_hmac", recipient_hmac)
        query = of_address(self._name, by, "outbox_id", after)
        return map(_to_entry, self._database.query_all(query, even_expired=even_expired))


def _to_entry(item: Item) -> OutboxEntry:
    fields: dict[str, Any] = item
    return OutboxEntry(
        id=fields["outbox_id"],
        kind=fields["kind"],
        subject_id=fields["subject_id"],
        state=fields["state"],
        reason=fields.get("reason"),
        attempts=fields.get("attempts", 0),
        created_at=from_text(fields["created_at"]),
        sent_at=from_text(fields["sent_at"]) if "sent_at" in fields else None,
        resent=fields.get("resent", False),
        recipient_hmac=fields.get("recipient_hmac"),
        count=fields.get("count", 0),
    )
