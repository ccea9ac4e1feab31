"""The enquiries table.

Key: reference. (A reserved word of DynamoDB: conditions on existence ask for request_hash.)

| access | index | key | who |
|---|---|---|---|
| add an enquiry; check a neighbouring reference | table | reference | public |
| read one | table | reference | staff, mail |
| change one | table | reference | staff |
| by status, newest or oldest first | by-status | status, position | staff |
| one topic's of one status | by-topic | topic, topic_position | staff |
| one enquirer's | by-enquirer | enquirer_hmac, position | staff |

The letter is sealed, and with it what staff noted about it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.enquiries import ChangedEnquiry, Enquiry, Letter, Note
from chalicelib.errors import AlreadySubmitted, NotFound, StaleRevision
from chalicelib.judgement.reasons import Reason
from chalicelib.storage.dynamodb import Count, Database, Item, Write, make_update, to_attributes, values
from chalicelib.storage.replays import check_neighbour, check_request
from chalicelib.storage.resealing import Hashed, Renewal, reseal
from chalicelib.storage.seal import UNREADABLE, Seal, Unreadable
from chalicelib.submissions import Identity
from chalicelib.times import from_text, to_text

BY_STATUS = "by-status"
BY_TOPIC = "by-topic"


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
            "ConditionExpression": "attribute_not_exists(request_hash)",
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

    def get(self, reference: str) -> Enquiry:
        item = self._database.find(self._name, {"reference": reference})
        if item is None:
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
        found = self._database.query(
            TableName=self._name,
            **_of_status(status) if topic is None else _of_topic(topic, status),
            ScanIndexForward=not newest_first,
            Limit=limit,
            **({"ExclusiveStartKey": after} if after else {}),
        )
        return EnquiryPage([_from_item(item, self._seal) for item in found.items], found.last_key)

    def count_by_status(self, status: str, most_pages: int) -> Count:
        return self._database.count(most_pages, TableName=self._name, **_of_status(status))

    def find_oldest_new(self) -> datetime | None:
        """When the new enquiry that has waited longest was written."""
        found = self._database.query(TableName=self._name, **_of_status("new"), Limit=1)
        return from_text(str(found.items[0]["created_at"])) if found.items else None

    def reseal(self, hash_address: Callable[[str], str]) -> Renewal:
        """Seal and hash every enquiry under the current keys."""
        enquirer = Hashed("enquirer_hmac", lambda letter: hash_address(letter["email"]))
        return reseal(self._database, self._name, "reference", "letter_sealed", self._seal, enquirer)

    def _spam_expiry(self, since: datetime) -> int:
        return int((since + self._spam_retention).timestamp())


def _of_status(status: str) -> dict[str, Any]:
    return {
        "IndexName": BY_STATUS,
        "KeyConditionExpression": "#status = :status",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values(status=status),
    }


def _of_topic(topic: str, status: str) -> dict[str, Any]:
    return {
        "IndexName": BY_TOPIC,
        "KeyConditionExpression": "topic = :topic AND begins_with(topic_position, :status)",
        "ExpressionAttributeValues": values(topic=topic, status=f"{status}#"),
    }


def position_of(enquiry: Enquiry) -> str:
    return f"{to_text(enquiry.created_at)}#{enquiry.reference}"


def _to_item(enquiry: Enquiry, seal: Seal) -> dict[str, Any]:
    return {
        "reference": enquiry.reference,
        "topic": enquiry.topic,
        "status": enquiry.status,
        "position": position_of(enquiry),
        "topic_position": f"{enquiry.status}#{position_of(enquiry)}",
        "priority": enquiry.priority,
        "reasons": json.dumps([[r.code, r.text] for r in enquiry.reasons]),
        "letter_sealed": seal.close({**asdict(enquiry.letter), **_desk_part(enquiry)}),
        "enquirer_hmac": enquiry.enquirer_hmac,
        "consent_version": enquiry.consent_version,
        "created_at": to_text(enquiry.created_at),
        "request_hash": enquiry.request_hash,
        "revision": enquiry.revision,
        "language": enquiry.language,
        "comment_id": enquiry.comment_id,
    }


def _from_item(item: Item, seal: Seal) -> Enquiry:
    fields: dict[str, Any] = item
    letter, desk_part, readable = _open_letter(fields["letter_sealed"], seal)
    return Enquiry(
        reference=fields["reference"],
        topic=fields["topic"],
        status=fields["status"],
        priority=fields["priority"],
        reasons=tuple(Reason(code, text) for code, text in json.loads(fields["reasons"])),
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
    """What staff added to the letter, where they have."""
    notes = [[to_text(note.at), note.actor, note.text] for note in enquiry.notes]
    part = {"assignee": enquiry.assignee, "notes": notes}
    return {name: value for name, value in part.items() if value}


def _open_letter(sealed: bytes, seal: Seal) -> tuple[Letter, dict[str, Any], bool]:
    """The letter, what staff added to it, and whether it could be opened."""
    try:
        content = seal.open(sealed)
        desk_part = {name: content.pop(name) for name in ("assignee", "notes") if name in content}
        return Letter(**{**content, "contact_by": tuple(content["contact_by"])}), desk_part, True
    except (Unreadable, KeyError, TypeError, AttributeError):
        return Letter("", "", UNREADABLE, None, (), None), {}, False
