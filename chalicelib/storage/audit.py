"""The audit table: put only. Nothing in the product updates or deletes an entry.

Key: subject, entry_id (which sorts by time).

| access | index | key | who |
|---|---|---|---|
| add an entry, inside the transaction of the change | table | subject, entry_id | staff |
| one subject's history | table | subject | staff |
| what one actor did | by-actor | actor, entry_id | staff |
"""

from typing import Any

from chalicelib.audit import Entry
from chalicelib.storage.dynamodb import Database, Item, Write, to_attributes, values
from chalicelib.times import from_text, to_text


class AuditTable:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def put(self, entry: Entry) -> Write:
        put = {
            "TableName": self._name,
            "Item": to_attributes(_to_item(entry)),
            "ConditionExpression": "attribute_not_exists(entry_id)",
        }
        return Write({"Put": put})

    def add(self, entry: Entry) -> None:
        """Record an act that changes nothing else: reading."""
        self._database.put(self._name, _to_item(entry))

    def history(self, subject: str) -> list[Entry]:
        """The newest hundred entries of a subject, oldest first."""
        found = self._database.query(
            TableName=self._name,
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues=values(subject=subject),
            ScanIndexForward=False,
            Limit=100,
            ConsistentRead=True,
        )
        return [_from_item(item) for item in reversed(found.items)]


def _to_item(entry: Entry) -> dict[str, Any]:
    return {
        "subject": entry.subject,
        "entry_id": entry.id,
        "actor": entry.actor,
        "action": entry.action,
        "at": to_text(entry.at),
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "read_ids": " ".join(entry.read_ids) or None,
    }


def _from_item(item: Item) -> Entry:
    fields: dict[str, Any] = item
    return Entry(
        id=fields["entry_id"],
        subject=fields["subject"],
        actor=fields["actor"],
        action=fields["action"],
        at=from_text(fields["at"]),
        before=fields.get("before"),
        after=fields.get("after"),
        reason=fields.get("reason"),
        read_ids=tuple(fields.get("read_ids", "").split()),
    )
