"""The audit table: put only. Nothing in the product updates or deletes an entry, and no role may.

Key: subject, sequence (12 digits).

| access | index | key | who |
|---|---|---|---|
| add an entry behind the last, inside the transaction of the change | table | subject, sequence | staff |
| one subject's last entry, or all of them | table | subject | staff |
| what one actor did | by-actor | actor, at | staff |
| what everybody did, a month at a time | by-month | month, at | staff |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.audit import Act, Entry
from chalicelib.storage.dynamodb import Database, Found, Item, Write, to_attributes, values
from chalicelib.times import from_text, to_text

BY_ACTOR = "by-actor"
BY_MONTH = "by-month"
# Where one subject's entries are narrowed to one actor: so many are looked through in one request.
_LOOKED_THROUGH_AT_ONCE, _MOST_LOOKS = 100, 10
# Each reading adds one: with all of them an item would in the end be too large to be answered.
_SHOWN_WITH_SUBJECT = 200
# No entry is older: the product is not. And so many months are looked into in one request.
_FIRST_MONTH = "2026-01"
_MOST_MONTHS = 12


@dataclass(frozen=True)
class AuditPage:
    """Entries, newest first. There may be more though there are none here."""

    entries: list[Entry]
    next_place: dict[str, Any] | None


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

    def recent(self, subject: str) -> list[Entry]:
        """A subject's newest entries, oldest first: as many as are shown with it."""
        found = self._query(subject, Limit=_SHOWN_WITH_SUBJECT, ScanIndexForward=False)
        return [_from_item(item) for item in reversed(found.items)]

    def list_of_subject(
        self, subject: str, actor: str | None, limit: int, after: dict[str, Any] | None
    ) -> AuditPage:
        """A subject's entries, or those among them that are one actor's."""
        if actor is None:
            return self._list(limit, after, **_of_subject(subject))
        query = _of_subject(subject)
        query["FilterExpression"] = "actor = :actor"
        query["ExpressionAttributeValues"] |= values(actor=actor)
        entries: list[Entry] = []
        for _ in range(_MOST_LOOKS):
            page = self._list(_LOOKED_THROUGH_AT_ONCE, after, **query)
            entries += page.entries
            if len(entries) >= limit:
                last = entries[limit - 1]
                more = len(entries) > limit or page.next_place
                return AuditPage(entries[:limit], to_attributes(_key(last)) if more else None)
            after = page.next_place
            if after is None:
                break
        return AuditPage(entries, after)

    def list_of_actor(self, actor: str, limit: int, after: dict[str, Any] | None) -> AuditPage:
        query = {
            "IndexName": BY_ACTOR,
            "KeyConditionExpression": "actor = :actor",
            "ExpressionAttributeValues": values(actor=actor),
        }
        return self._list(limit, after, **query)

    def list_all(self, limit: int, after: dict[str, Any] | None, at: datetime) -> AuditPage:
        """Everybody's entries up to now (`at`): this month's, then the last one's, and so on."""
        month, key = (after["month"], after["key"]) if after else (_month_of(to_text(at)), None)
        entries: list[Entry] = []
        for _ in range(_MOST_MONTHS):
            page = self._list(limit - len(entries), key, **_of_month(month))
            entries += page.entries
            if page.next_place:
                return AuditPage(entries, {"month": month, "key": page.next_place})
            month, key = _month_before(month), None
            if month < _FIRST_MONTH:
                return AuditPage(entries, None)
            if len(entries) == limit:
                break
        return AuditPage(entries, {"month": month, "key": None})

    def subjects(self) -> set[str]:
        """Every subject that has a chain. A scan: for verifying, not for requests."""
        items = self._database.scan_all(TableName=self._name, ProjectionExpression="subject")
        return {str(item["subject"]) for item in items}

    def _query(self, subject: str, **request: Any) -> Found:
        return self._database.query(TableName=self._name, **_of_subject(subject), **request)

    def _list(self, limit: int, after: dict[str, Any] | None, **query: Any) -> AuditPage:
        start = {"ExclusiveStartKey": after} if after else {}
        found = self._database.query(
            TableName=self._name, ScanIndexForward=False, Limit=limit, **query, **start
        )
        return AuditPage([_from_item(item) for item in found.items], found.last_key)


def _of_subject(subject: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "subject = :subject",
        "ExpressionAttributeValues": values(subject=subject),
        "ConsistentRead": True,
    }


def _of_month(month: str) -> dict[str, Any]:
    return {
        "IndexName": BY_MONTH,
        "KeyConditionExpression": "#month = :month",
        "ExpressionAttributeNames": {"#month": "month"},
        "ExpressionAttributeValues": values(month=month),
    }


def _month_of(at: str) -> str:
    """The month of a time as text: `2026-03`."""
    return at[:7]


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def _key(entry: Entry) -> dict[str, str]:
    return {"subject": entry.act.subject, "sequence": f"{entry.sequence:012d}"}


def _to_item(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        **_key(entry),
        "month": _month_of(to_text(act.at)),
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
