"""The enquiries table.

Key: reference. (A reserved word of DynamoDB: conditions on existence ask for request_hash.)

| access | index | key | who |
|---|---|---|---|
| add an enquiry; check a neighbouring reference | table | reference | public |
| read one | table | reference | staff, mail |
| by status, newest or oldest first | by-status | status, position | staff |
| one topic's of one status | by-topic | topic, topic_position | staff |
| one enquirer's | by-enquirer | enquirer_hmac, position | staff |
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.enquiries import Enquiry
from chalicelib.errors import AlreadySubmitted, NotFound
from chalicelib.judgement import Reason
from chalicelib.storage.dynamodb import Database, Item, Write, to_attributes, values
from chalicelib.submissions import Identity
from chalicelib.times import from_text, to_text

BY_STATUS = "by-status"
BY_TOPIC = "by-topic"


@dataclass(frozen=True)
class EnquiryPage:
    enquiries: list[Enquiry]
    next_key: dict[str, Any] | None


class EnquiriesTable:
    def __init__(self, database: Database, name: str, spam_retention: timedelta) -> None:
        self._database = database
        self._name = name
        self._spam_retention = spam_retention

    def put_new(self, enquiry: Enquiry) -> Write:
        item = to_item(enquiry)
        if enquiry.status == "spam":
            item["expires_at"] = int((enquiry.created_at + self._spam_retention).timestamp())
        put = {"Item": to_attributes(item), "ConditionExpression": "attribute_not_exists(request_hash)"}
        return self._write("Put", put, AlreadySubmitted(enquiry.reference))

    def check_neighbour(self, neighbour: str, identity: Identity) -> Write:
        """The same submission is not there under `neighbour`, unless from before the window."""
        check = {
            "Key": to_attributes({"reference": neighbour}),
            "ConditionExpression": "attribute_not_exists(request_hash) OR created_at <= :window_start",
            "ExpressionAttributeValues": values(window_start=to_text(identity.window_start)),
        }
        return self._write("ConditionCheck", check, AlreadySubmitted(neighbour))

    def check_request(self, reference: str, request_hash: str, refusal: Exception) -> Write:
        check = {
            "Key": to_attributes({"reference": reference}),
            "ConditionExpression": "request_hash = :request_hash",
            "ExpressionAttributeValues": values(request_hash=request_hash),
        }
        return self._write("ConditionCheck", check, refusal)

    def get(self, reference: str) -> Enquiry:
        item = self._database.find(self._name, {"reference": reference})
        if item is None:
            raise NotFound
        return from_item(item)

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
        return EnquiryPage([from_item(item) for item in found.items], found.last_key)

    def _write(self, kind: str, action: dict[str, Any], refusal: Exception | None = None) -> Write:
        return Write({kind: {"TableName": self._name, **action}}, refusal)


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


def to_item(enquiry: Enquiry) -> dict[str, Any]:
    return {
        "reference": enquiry.reference,
        "topic": enquiry.topic,
        "status": enquiry.status,
        "position": position_of(enquiry),
        "topic_position": f"{enquiry.status}#{position_of(enquiry)}",
        "priority": enquiry.priority,
        "reasons": json.dumps([[r.code, r.text] for r in enquiry.reasons]),
        "letter_sealed": enquiry.sealed_letter,
        "enquirer_hmac": enquiry.enquirer_hmac,
        "consent_version": enquiry.consent_version,
        "created_at": to_text(enquiry.created_at),
        "request_hash": enquiry.request_hash,
        "assignee": enquiry.assignee,
        "revision": enquiry.revision,
    }


def from_item(item: Item) -> Enquiry:
    fields: dict[str, Any] = item
    return Enquiry(
        reference=fields["reference"],
        topic=fields["topic"],
        status=fields["status"],
        priority=fields["priority"],
        reasons=tuple(Reason(code, text) for code, text in json.loads(fields["reasons"])),
        sealed_letter=fields["letter_sealed"],
        enquirer_hmac=fields["enquirer_hmac"],
        consent_version=fields.get("consent_version"),
        created_at=from_text(fields["created_at"]),
        request_hash=fields["request_hash"],
        assignee=fields.get("assignee"),
        revision=fields["revision"],
    )
