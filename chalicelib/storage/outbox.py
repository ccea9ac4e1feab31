"""The outbox table: orders to mail, and the deliveries that come of them.

Key: outbox_id. Each insertion goes through the stream (keys only) and the relay to the mail queue.

| access | index | key | who |
|---|---|---|---|
| add an order, inside the transaction of its reason | table | outbox_id | public, staff |
| turn an order into deliveries; claim and settle one | table | outbox_id | mail |
| gather orders in the one of a digest | table | outbox_id | mail |
| move a delivery as SES reports | table | outbox_id | delivery events |
| send one again; erase one | table | outbox_id | staff |
| what is in a state, or overdue in it: outbox_entries.py | by-state | state, position | staff, housekeeping |
| the mail to one address: outbox_entries.py | by-recipient | recipient_hmac, outbox_id | staff |

`position` begins with the time at which somebody should look at the row again, or at which it came
to rest. An order that has become deliveries has no `state`: it leaves the index, and later the table. Until
then a submission's has its `mark`.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.outbox import ONCE, Delivery, Order, OutboxEntry, State
from chalicelib.storage.dynamodb import Database, Item, Key, Write, to_attributes, values
from chalicelib.storage.people import delete_once
from chalicelib.storage.resealing import Hashed, Renewal, reseal
from chalicelib.storage.seal import Seal
from chalicelib.times import from_text, to_text

# The stream brings a new row to the queue at once. If it is still pending after this, housekeeping does.
_DUE = timedelta(minutes=2)
# By then SES has reported what became of a mail, if it was sent.
_UNTIL_REPORTED = timedelta(minutes=15)
_NEVER = datetime.max.replace(tzinfo=UTC)


class NotClaimed(Exception):
    """Another run has the row, or it is not in the state that was thought."""


@dataclass
class AlreadyMailed(Exception):
    """This mail is sent once, and there was such a one before: the rest may go on without it."""

    delivery_id: str


class DigestClosed(Exception):
    """The digest has been turned into mail: what comes now is not in it."""


class DigestOpen(Exception):
    """There is a digest of this stretch of time already: what comes now is gathered in it."""


@dataclass(frozen=True)
class Report:
    """What SES says of a delivery: which of its attempts, and the state that follows."""

    delivery_id: str
    attempt: int
    before: tuple[State, ...]
    after: State
    reason: str | None
    message_id: str | None


class OutboxTable:
    def __init__(self, database: Database, name: str, retention: timedelta, seal: Seal) -> None:
        self._database = database
        self._name = name
        self._retention = retention
        self._seal = seal

    def put_order(self, order: Order, refusal: Exception | None = None) -> Write:
        item = {
            "outbox_id": order.id,
            "kind": order.kind,
            "subject_id": order.subject_id,
            "created_at": to_text(order.created_at),
            "due_at": to_text(order.due_at) if order.due_at else None,
            "count": order.count or None,
            "mark": order.mark,
            "state": "pending",
            "position": _position(order.due_at or order.created_at + _DUE, order.id),
        }
        return self._put_new(item, refusal)

    def put_delivery(self, delivery: Delivery) -> Write:
        """Its refusal is AlreadyMailed.

        One of a kind that is sent once replaces what was given up before anything was sent.
        """
        write = self._put_new(_to_item(delivery, self._seal), AlreadyMailed(delivery.id))
        if delivery.kind in ONCE:
            write.action["Put"] |= {
                "ConditionExpression": "attribute_not_exists(outbox_id) OR "
                "(#state = :failed AND attempts = :none)",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": values(failed="failed", none=0),
            }
        return write

    def finish_order(self, order: Order, at: datetime) -> Write:
        """The order has become deliveries; its mark has served. Its refusal is NotClaimed: done before."""
        done = {
            "TableName": self._name,
            "Key": to_attributes({"outbox_id": order.id}),
            "UpdateExpression": "REMOVE #state, #mark SET expires_at = :expires_at",
            "ConditionExpression": "#state = :pending",
            "ExpressionAttributeNames": {"#state": "state", "#mark": "mark"},
            "ExpressionAttributeValues": values(pending="pending", expires_at=self._expiry(at)),
        }
        return Write({"Update": done}, NotClaimed())

    def gather(self, digest_id: str) -> Write:
        """One more in the digest. Its refusal is DigestClosed."""
        gathered = {
            "TableName": self._name,
            "Key": to_attributes({"outbox_id": digest_id}),
            "UpdateExpression": "ADD #count :one",
            "ConditionExpression": "#state = :pending",
            "ExpressionAttributeNames": {"#count": "count", "#state": "state"},
            "ExpressionAttributeValues": values(one=1, pending="pending"),
        }
        return Write({"Update": gathered}, DigestClosed())

    def find(self, outbox_id: str) -> Order | Delivery | None:
        item = self._database.find(self._name, {"outbox_id": outbox_id})
        # An order without a state has become deliveries: there is nothing left to do.
        return None if item is None or "state" not in item else _from_item(item, self._seal)

    def claim(self, delivery: Delivery, lease_until: datetime) -> None:
        """Take a pending delivery for sending. Raises NotClaimed: then another run has it."""
        self._move(
            delivery.id, "pending", "sending", lease_until, attempts=delivery.attempts + 1, reason=None
        )

    def mark_sent(self, delivery_id: str, message_id: str, at: datetime) -> None:
        self._move(
            delivery_id,
            "sending",
            "sent",
            at,
            message_id=message_id,
            sent_at=to_text(at),
            reason=None,
            expires_at=self._expiry(at),
        )

    def mark(
        self, delivery_id: str, before: State, after: State, reason: str | None, due_at: datetime
    ) -> None:
        """Move a row from one state to another. Raises NotClaimed if it is not in `before`."""
        self._move(delivery_id, before, after, due_at, reason=reason)

    def mark_unknown(self, delivery_id: str, reason: str, *, resent: bool, at: datetime) -> None:
        """It may or may not have been sent. The first time it is due for one resend; then it rests.

        Raises NotClaimed.
        """
        if resent:
            self._move(delivery_id, "sending", "unknown", _NEVER, reason=reason, expires_at=self._expiry(at))
        else:
            self._move(delivery_id, "sending", "unknown", at + _UNTIL_REPORTED, reason=reason)

    def fail(self, delivery_id: str, before: State, reason: str, at: datetime) -> Write:
        """It will never be sent. Its refusal is NotClaimed."""
        changes = {"reason": reason, "expires_at": self._expiry(at)}
        return Write({"Update": self._moving((before,), delivery_id, "failed", at, changes)}, NotClaimed())

    def mark_resend(self, delivery_id: str, due_at: datetime) -> None:
        """Send once more what may or may not have been sent. Raises NotClaimed."""
        self._move(delivery_id, "unknown", "pending", due_at, resent=True)

    def resend(self, entry: OutboxEntry, at: datetime) -> Write:
        """Send again on staff's word. Its refusal is NotClaimed.

        What SES still reports of the attempts until now says nothing about the one to come.
        """
        changes = {"resent": True, "reports_from": entry.attempts + 1, "reason": None, "expires_at": None}
        return Write({"Update": self._moving((entry.state,), entry.id, "pending", at, changes)}, NotClaimed())

    def report(self, report: Report, at: datetime) -> Write:
        """Move a delivery as SES reports it. Its refusal is NotClaimed: it is further already."""
        changes: dict[str, Any] = {"reason": report.reason, "expires_at": self._expiry(at)}
        if report.message_id:
            changes["message_id"] = report.message_id
        if report.after in ("sent", "delivered"):
            changes["sent_at"] = to_text(at)
        moving = self._moving(report.before, report.delivery_id, report.after, at, changes)
        moving["ConditionExpression"] += (
            " AND (attribute_not_exists(reports_from) OR reports_from <= :attempt)"
        )
        moving["ExpressionAttributeValues"] |= values(attempt=report.attempt)
        return Write({"Update": moving}, NotClaimed())

    def postpone(self, outbox_id: str, due_at: datetime, reason: str | None = None) -> None:
        """Look at a pending row again later; one that has moved on meanwhile is left alone."""
        changes = {"reason": reason} if reason else {}
        with suppress(NotClaimed):
            self._move(outbox_id, "pending", "pending", due_at, **changes)

    def delete(self, outbox_id: str) -> Write:
        """Its refusal is AlreadyGone. A run that has it in hand finds it gone, and ends (NotClaimed)."""
        return delete_once(self._name, {"outbox_id": outbox_id})

    def reseal(self, hash_address: Callable[[str], str]) -> Renewal:
        """Seal and hash every delivery's address under the current keys."""
        recipient = Hashed("recipient_hmac", hash_address)
        return reseal(self._database, self._name, "outbox_id", "recipient_sealed", self._seal, recipient)

    def _move(self, outbox_id: str, before: State, after: State, due_at: datetime, **changes: Any) -> None:
        self._database.update(NotClaimed(), **self._moving((before,), outbox_id, after, due_at, changes))

    def _moving(
        self, before: tuple[str, ...], outbox_id: str, after: str, due_at: datetime, changes: dict[str, Any]
    ) -> dict[str, Any]:
        """Change the state, and the attributes in `changes`; one that is None is removed."""
        setting = {"state": after, "position": _position(due_at, outbox_id)}
        setting |= {name: value for name, value in changes.items() if value is not None}
        removing = [name for name, value in changes.items() if value is None]
        key: Key = {"outbox_id": outbox_id}
        return {
            "TableName": self._name,
            "Key": to_attributes(key),
            "UpdateExpression": "SET "
            + ", ".join(f"#{name} = :{name}" for name in setting)
            + (" REMOVE " + ", ".join(f"#{name}" for name in removing) if removing else ""),
            "ConditionExpression": f"#state IN ({', '.join(f':before{i}' for i in range(len(before)))})",
            "ExpressionAttributeNames": {f"#{name}": name for name in [*setting, *removing]},
            "ExpressionAttributeValues": values(
                **{f"before{i}": state for i, state in enumerate(before)}, **setting
            ),
        }

    def _put_new(self, item: dict[str, Any], refusal: Exception | None) -> Write:
        put = {
            "TableName": self._name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(outbox_id)",
        }
        return Write({"Put": put}, refusal)

    def _expiry(self, at: datetime) -> int:
        return int((at + self._retention).timestamp())


def _position(at: datetime, outbox_id: str) -> str:
    return f"{to_text(at)}#{outbox_id}"


def _to_item(delivery: Delivery, seal: Seal) -> dict[str, Any]:
    return {
        "outbox_id": delivery.id,
        "kind": delivery.kind,
        "subject_id": delivery.subject_id,
        "recipient_sealed": seal.close(delivery.recipient),
        "recipient_hmac": delivery.recipient_hmac,
        "created_at": to_text(delivery.created_at),
        "state": delivery.state,
        "position": _position(delivery.created_at + _DUE, delivery.id),
        "attempts": delivery.attempts,
        "count": delivery.count or None,
    }


def _from_item(item: Item, seal: Seal) -> Order | Delivery:
    fields: dict[str, Any] = item
    created_at = from_text(fields["created_at"])
    if "recipient_sealed" not in fields:
        due_at = from_text(fields["due_at"]) if "due_at" in fields else None
        return Order(
            fields["outbox_id"],
            fields["kind"],
            fields["subject_id"],
            created_at,
            due_at,
            fields.get("count", 0),
            fields.get("mark"),
        )
    return Delivery(
        id=fields["outbox_id"],
        kind=fields["kind"],
        subject_id=fields["subject_id"],
        recipient=seal.open(fields["recipient_sealed"]),
        recipient_hmac=fields["recipient_hmac"],
        created_at=created_at,
        state=fields["state"],
        attempts=fields["attempts"],
        resent=fields.get("resent", False),
        count=fields.get("count", 0),
    )
