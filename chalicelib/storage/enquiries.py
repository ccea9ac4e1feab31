"""The enquiries table.

Key: reference. (A reserved word of DynamoDB: conditions on existence ask for request_hash, which every
enquiry has, and for erased_at, which has what stands in the place of an erased one.)

| access | index | key | who |
|---|---|---|---|
| add an enquiry; check a neighbouring reference | table | reference | public |
| read one | table | reference | staff, mail |
| change one | table | reference | staff |
| a reason found after it came, while no staff has acted on it | table | reference | mail |
| by status, either order, urgent ones that wait first | by-status | status, queue_position | staff |
| one topic's of one status | by-topic | topic, topic_position | staff |
| one enquirer's | by-enquirer | enquirer_hmac, position | staff |
| erase one | table | reference | staff |

The letter is sealed, and with it what staff noted about it. Of an erased one stays for two days what a
replay is told by (replays.py): its reference and times.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.enquiries import ChangedEnquiry, Enquiry, Letter, Note
from chalicelib.errors import AlreadySubmitted, NotFound, StaleRevision
from chalicelib.judgement.reasons import Reason
from chalicelib.people import Trace
from chalicelib.storage.dynamodb import (
    Count,
    Database,
    Found,
    Item,
    Write,
    make_update,
    to_attributes,
    values,
)
from chalicelib.storage.people import find_traces
from chalicelib.storage.queues import Key, find_oldest, list_newest_first, ranked
from chalicelib.storage.replays import check_neighbour, check_request
from chalicelib.storage.resealing import Hashed, Renewal, reseal
from chalicelib.storage.seal import UNREADABLE, Seal, Unreadable
from chalicelib.submissions import KEY_WINDOW, Identity
from chalicelib.times import from_text, to_text

BY_STATUS = "by-status"
BY_TOPIC = "by-topic"
# What is sealed with the letter, and not part of it.
_DESK_PART = ("assignee", "notes", "reasons")
BY_ENQUIRER = "by-enquirer"


@dataclass(frozen=True)
class EnquiryPage:
    enquiries: list[Enquiry]
    next_key: dict[str, Any] | None


class EnquiriesTable:
    def __init__(self, database: Database, name: str, spam_retention: timedelta, seal: Seal) -> None:
        self._database = database
        self._name = name
        self._spam_retention = spam_retention
        self._seal = seal

    def put_new(self, enquiry: Enquiry) -> Write:
        item = _to_item(enquiry, self._seal)
        if enquiry.status == "spam":
            item["expires_at"] = self._spam_expiry(enquiry.created_at)
        put = {
            "TableName": self._name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(request_hash) AND attribute_not_exists(erased_at)",
        }
        return Write({"Put": put}, AlreadySubmitted(enquiry.reference))

    def check_neighbour(self, neighbour: str, identity: Identity) -> Write:
        return check_neighbour(self._name, {"reference": neighbour}, identity)

    def check_request(self, reference: str, request_hash: str, refusal: Exception) -> Write:
        return check_request(self._name, {"reference": reference}, request_hash, refusal)

    def replace(self, changed: ChangedEnquiry) -> Write:
        """Spam is kept from when it became spam; what is no spam any more does not expire."""
        before, after = changed.before, changed.after
        item = _to_item(after, self._seal)
        del item["reference"]
        if (before.status == "spam") is not (after.status == "spam"):
            expires = after.status == "spam"
            item["expires_at"] = self._spam_expiry(changed.acts[0].at) if expires else None
        key = {"reference": before.reference}
        update = make_update(self._name, key, item, "revision = :seen", seen=before.revision)
        return Write({"Update": update}, StaleRevision())

    def add_reason(self, enquiry: Enquiry, reason: Reason) -> Write:
        """One more reason with its letter, at the revision that it has, as of a comment.

        The refusal says that staff changed or erased it since it was read.
        """
        told = replace(enquiry, reasons=(*enquiry.reasons, reason))
        update = make_update(
            self._name,
            {"reference": enquiry.reference},
            {"letter_sealed": _seal_letter(told, self._seal)},
            "revision = :seen",
            seen=enquiry.revision,
        )
        return Write({"Update": update}, StaleRevision())

    def erase(self, enquiry: Enquiry, at: datetime) -> Write:
        """Put in its place what a replay is told by: a put, so that no attribute of it can stay.

        Its refusal is StaleRevision.
        """
        tombstone = {
            "reference": enquiry.reference,
            "created_at": to_text(enquiry.created_at),
            "erased_at": to_text(at),
            "expires_at": int((at + 2 * KEY_WINDOW).timestamp()),
        }
        put = {
            "TableName": self._name,
            "Item": to_attributes(tombstone),
            "ConditionExpression": "revision = :seen",
            "ExpressionAttributeValues": values(seen=enquiry.revision),
        }
        return Write({"Put": put}, StaleRevision())

    def get(self, reference: str, *, even_expired: bool = False) -> Enquiry:
        item = self._database.find(self._name, {"reference": reference}, even_expired=even_expired)
        if item is None or "status" not in item:
            raise NotFound
        return _from_item(item, self._seal)

    def list_by_status(
        self,
        status: str,
        *,
        newest_first: bool,
        limit: int,
        after: dict[str, Any] | None,
        topic: str | None = None,
    ) -> EnquiryPage:
        """Up to `limit` enquiries of a status; of those that are new, urgent ones first in either order."""

        def ask(rank: str, most: int, behind: Key) -> Found:
            return self._query_queue(status, topic, rank, newest_first, most, behind)

        two_queries = newest_first and status == "new"
        found = list_newest_first(ask, limit, after) if two_queries else ask("", limit, after)
        return EnquiryPage([_from_item(item, self._seal) for item in found.items], found.last_key)

    def count_by_status(self, status: str, most_pages: int) -> Count:
        return self._database.count(most_pages, TableName=self._name, **_of_status(status, ""))

    def find_oldest_new(self) -> datetime | None:
        """When the new enquiry that has waited longest was written."""
        oldest = find_oldest(
            lambda rank, most, behind: self._query_queue("new", None, rank, False, most, behind)
        )
        return from_text(oldest) if oldest else None

    def _query_queue(
        self, status: str, topic: str | None, rank: str, newest_first: bool, limit: int, after: Key
    ) -> Found:
        return self._database.query(
            TableName=self._name,
            **_of_status(status, rank) if topic is None else _of_topic(topic, status, rank),
            ScanIndexForward=not newest_first,
            Limit=limit,
            **({"ExclusiveStartKey": after} if after else {}),
        )

    def traces_of(self, enquirer_hmac: str, after: str | None) -> Iterator[Trace]:
        """What one enquirer wrote, oldest first, behind the position `after`; even what has expired."""
        by = (BY_ENQUIRER, "enquirer_hmac", enquirer_hmac)
        return find_traces(self._database, self._name, by, "reference", after)

    def reseal(self, hash_address: Callable[[str], str]) -> Renewal:
        """Seal and hash every enquiry under the current keys."""
        enquirer = Hashed("enquirer_hmac", lambda letter: hash_address(letter["email"]))
        return reseal(self._database, self._name, "reference", "letter_sealed", self._seal, enquirer)

    def _spam_expiry(self, since: datetime) -> int:
        return int((since + self._spam_retention).timestamp())


def _of_status(status: str, rank: str) -> dict[str, Any]:
    """Those of a status, and of a rank where one is named."""
    query: dict[str, Any] = {
        "IndexName": BY_STATUS,
        "KeyConditionExpression": "#status = :status",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values(status=status),
    }
    if rank:
        query["KeyConditionExpression"] += " AND begins_with(queue_position, :rank)"
        query["ExpressionAttributeValues"] |= values(rank=rank)
    return query


def _of_topic(topic: str, status: str, rank: str) -> dict[str, Any]:
    return {
        "IndexName": BY_TOPIC,
        "KeyConditionExpression": "topic = :topic AND begins_with(topic_position, :status)",
        "ExpressionAttributeValues": values(topic=topic, status=f"{status}#{rank}"),
    }


def position_of(enquiry: Enquiry) -> str:
    return f"{to_text(enquiry.created_at)}#{enquiry.reference}"


def _queue_position(enquiry: Enquiry) -> str:
    return ranked(position_of(enquiry), urgent=enquiry.priority == "urgent" and enquiry.status == "new")


def _to_item(enquiry: Enquiry, seal: Seal) -> dict[str, Any]:
    return {
        "reference": enquiry.reference,
        "topic": enquiry.topic,
        "status": enquiry.status,
        "position": position_of(enquiry),
        "queue_position": _queue_position(enquiry),
        "topic_position": f"{enquiry.status}#{_queue_position(enquiry)}",
        "priority": enquiry.priority,
        "letter_sealed": _seal_letter(enquiry, seal),
        "enquirer_hmac": enquiry.enquirer_hmac,
        "consent_version": enquiry.consent_version,
        "created_at": to_text(enquiry.created_at),
        "request_hash": enquiry.request_hash,
        "revision": enquiry.revision,
        "language": enquiry.language,
        "comment_id": enquiry.comment_id,
    }


def _seal_letter(enquiry: Enquiry, seal: Seal) -> bytes:
    return seal.close({**asdict(enquiry.letter), **_desk_part(enquiry)})


def _from_item(item: Item, seal: Seal) -> Enquiry:
    fields: dict[str, Any] = item
    letter, desk_part, readable = _open_letter(fields["letter_sealed"], seal)
    return Enquiry(
        reference=fields["reference"],
        topic=fields["topic"],
        status=fields["status"],
        priority=fields["priority"],
        reasons=tuple(Reason(code, text) for code, text in desk_part.get("reasons", [])),
        letter=letter,
        enquirer_hmac=fields["enquirer_hmac"],
        consent_version=fields.get("consent_version"),
        created_at=from_text(fields["created_at"]),
        request_hash=fields["request_hash"],
        assignee=desk_part.get("assignee"),
        notes=tuple(Note(from_text(at), actor, text) for at, actor, text in desk_part.get("notes", [])),
        revision=fields["revision"],
        language=fields.get("language", "en"),
        comment_id=fields.get("comment_id"),
        readable=readable,
    )


def _desk_part(enquiry: Enquiry) -> dict[str, Any]:
    """What was found about the letter, and what staff added to it, where there is any."""
    notes = [[to_text(note.at), note.actor, note.text] for note in enquiry.notes]
    # That somebody may be in danger is as private as what they wrote.
    reasons = [[reason.code, reason.text] for reason in enquiry.reasons]
    part = {"assignee": enquiry.assignee, "notes": notes, "reasons": reasons}
    return {name: value for name, value in part.items() if value}


def _open_letter(sealed: bytes, seal: Seal) -> tuple[Letter, dict[str, Any], bool]:
    """The letter, what staff added to it, and whether it could be opened."""
    try:
        content = seal.open(sealed)
        desk_part = {name: content.pop(name) for name in _DESK_PART if name in content}
        return Letter(**{**content, "contact_by": tuple(content["contact_by"])}), desk_part, True
    except (Unreadable, KeyError, TypeError, AttributeError):
        return Letter("", "", UNREADABLE, None, (), None), {}, False
