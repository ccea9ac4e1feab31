"""The audit table: put only. Nothing in the product updates or deletes an entry, and no role may.

Key: subject, sequence (12 digits).

| access | index | key | who |
|---|---|---|---|
| add an entry behind the last, inside the transaction of the change | table | subject, sequence | staff |
| one subject's last entry, or all of them | table | subject | staff |
| what one actor did | by-actor | actor, at | staff |
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.audit import Act, Entry
from chalicelib.storage.dynamodb import Database, Found, Item, Write, to_attributes, values
from chalicelib.times import from_text, to_text


class EntryTaken(Exception):
    """Another entry of the subject came first: this one must be chained behind it."""


class AuditTable:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def put(self, entry: Entry) -> Write:
        put = {
            "TableName": self._name,
            "Item": to_attributes(_to_item(entry)),
            "ConditionExpression": "attribute_not_exists(subject)",
        }
        return Write({"Put": put}, EntryTaken())

    def find_last(self, subject: str) -> Entry | None:
        found = self._query(subject, Limit=1, ScanIndexForward=False)
        return _from_item(found.items[0]) if found.items else None

    def history(self, subject: str) -> Iterator[Entry]:
        """Every entry of a subject, oldest first."""
        found = self._query(subject)
        yield from map(_from_item, found.items)
        while found.last_key:
            found = self._query(subject, ExclusiveStartKey=found.last_key)
            yield from map(_from_item, found.items)

    def subjects(self) -> set[str]:
        """Every subject that has a chain. A scan: for verifying, not for requests."""
        items = self._database.scan_all(TableName=self._name, ProjectionExpression="subject")
        return {str(item["subject"]) for item in items}

    def _query(self, subject: str, **request: Any) -> Found:
        return self._database.query(
            TableName=self._name,
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues=values(subject=subject),
            ConsistentRead=True,
            **request,
        )


def _to_item(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        "subject": act.subject,
        "sequence": f"{entry.sequence:012d}",
        "actor": act.actor,
        "action": act.action,
        "at": to_text(act.at),
        "before": act.before,
        "after": act.after,
        "reason": act.reason,
        "read_ids": " ".join(act.read_ids) or None,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def _from_item(item: Item) -> Entry:
    fields: dict[str, Any] = item
    act = Act(
        subject=fields["subject"],
        actor=fields["actor"],
        action=fields["action"],
        at=from_text(fields["at"]),
        before=fields.get("before"),
        after=fields.get("after"),
        reason=fields.get("reason"),
        read_ids=tuple(fields.get("read_ids", "").split()),
    )
    return Entry(act, int(fields["sequence"]), fields["previous_hash"], fields["hash"])
