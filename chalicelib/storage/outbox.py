"""The outbox table: orders to mail, and the deliveries that come of them.

Key: outbox_id. Each insertion goes through the stream (keys only) and the relay to the mail queue.

| access | index | key | who |
|---|---|---|---|
| add an order, inside the transaction of its reason | table | outbox_id | public, staff |
| turn an order into deliveries; claim and settle one | table | outbox_id | mail |
| what is overdue in a state | by-state | state, position | housekeeping |

`position` begins with the time at which somebody should look at the row again, or at which it came
to rest. An order that has become deliveries has no `state`: it leaves the index, and later the table.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.outbox import Delivery, Order, State
from chalicelib.storage.dynamodb import Database, Item, Key, Write, to_attributes, values
from chalicelib.storage.resealing import Renewal, reseal
from chalicelib.storage.seal import Seal
from chalicelib.times import from_text, to_text

BY_STATE = "by-state"
# The stream brings a new row to the queue at once. If it is still pending after this, housekeeping does.
_DUE = timedelta(minutes=2)
# By then SES has reported what became of a mail, if it was sent.
_UNTIL_REPORTED = timedelta(minutes=15)
_NEVER = datetime.max.replace(tzinfo=UTC)


class NotClaimed(Exception):
    """Another run has the row, or it is not in the state that was thought."""


@dataclass(frozen=True)
class Overdue:
    """A row that should have moved on: its id and whether it was resent before."""

    id: str
    resent: bool


class OutboxTable:
    def __init__(self, database: Database, name: str, retention: timedelta, seal: Seal) -> None:
        self._database = database
        self._name = name
        self._retention = retention
        self._seal = seal

    def put_order(self, order: Order) -> Write:
        item = {
            "outbox_id": order.id,
            "kind": order.kind,
            "subject_id": order.subject_id,
            "created_at": to_text(order.created_at),
            "state": "pending",
            "position": _position(order.created_at + _DUE, order.id),
        }
        return self._put_new(item)

    def find(self, outbox_id: str) -> Order | Delivery | None:
        item = self._database.find(self._name, {"outbox_id": outbox_id})
        # An order without a state has become deliveries: there is nothing left to do.
        return None if item is None or "state" not in item else _from_item(item, self._seal)

    def expand(self, order: Order, deliveries: list[Delivery], at: datetime) -> None:
        """Turn an order into its deliveries, once. Raises NotClaimed where that has been done.

        At most 99 deliveries: a transaction holds 100 actions.
        """
        done = {
            "TableName": self._name,
            "Key": to_attributes({"outbox_id": order.id}),
            "UpdateExpression": "REMOVE #state SET expires_at = :expires_at",
            "ConditionExpression": "#state = :pending",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": values(pending="pending", expires_at=self._expiry(at)),
        }
        writes = [Write({"Update": done}, NotClaimed())]
        writes += [self._put_new(_to_item(delivery, self._seal)) for delivery in deliveries]
        self._database.transact(writes)

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
        due_at = _NEVER if resent else at + _UNTIL_REPORTED
        self._move(delivery_id, "sending", "unknown", due_at, reason=reason)

    def mark_failed(self, delivery_id: str, before: State, reason: str, at: datetime) -> None:
        """It will never be sent. Raises NotClaimed."""
        self._move(delivery_id, before, "failed", at, reason=reason, expires_at=self._expiry(at))

    def mark_resend(self, delivery_id: str, due_at: datetime) -> None:
        """Send once more what may or may not have been sent. Raises NotClaimed."""
        self._move(delivery_id, "unknown", "pending", due_at, resent=True)

    def mark_reported(
        self, delivery_id: str, before: tuple[State, ...], after: State, reason: str | None, at: datetime
    ) -> None:
        """Move a delivery as SES reports it. Raises NotClaimed if it is in none of `before`."""
        changes = {"sent_at": to_text(at)} if after in ("sent", "delivered") else {}
        self._move_from(before, delivery_id, after, at, reason=reason, expires_at=self._expiry(at), **changes)

    def postpone(self, outbox_id: str, due_at: datetime) -> None:
        """Look at a pending row again later; one that has moved on meanwhile is left alone."""
        with suppress(NotClaimed):
            self._move(outbox_id, "pending", "pending", due_at)

    def list_overdue(self, state: State, at: datetime, limit: int) -> list[Overdue]:
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_STATE,
            KeyConditionExpression="#state = :state AND #position < :now",
            ExpressionAttributeNames={"#state": "state", "#position": "position"},
            ExpressionAttributeValues=values(state=state, now=to_text(at)),
            Limit=limit,
        )
        return [Overdue(str(item["outbox_id"]), bool(item.get("resent"))) for item in found.items]

    def reseal(self) -> Renewal:
        """Seal every delivery's address to the current key."""
        return reseal(self._database, self._name, "outbox_id", "recipient_sealed", self._seal)

    def _move(self, outbox_id: str, before: str, after: str, due_at: datetime, **changes: Any) -> None:
        self._move_from((before,), outbox_id, after, due_at, **changes)

    def _move_from(
        self, before: tuple[str, ...], outbox_id: str, after: str, due_at: datetime, **changes: Any
    ) -> None:
        """Change the state, and the attributes in `changes`; one that is None is removed."""
        setting = {"state": after, "position": _position(due_at, outbox_id)}
        setting |= {name: value for name, value in changes.items() if value is not None}
        removing = [name for name, value in changes.items() if value is None]
        key: Key = {"outbox_id": outbox_id}
        self._database.update(
            NotClaimed(),
            TableName=self._name,
            Key=to_attributes(key),
            UpdateExpression="SET "
            + ", ".join(f"#{name} = :{name}" for name in setting)
            + (" REMOVE " + ", ".join(f"#{name}" for name in removing) if removing else ""),
            ConditionExpression=f"#state IN ({', '.join(f':before{i}' for i in range(len(before)))})",
            ExpressionAttributeNames={f"#{name}": name for name in [*setting, *removing]},
            ExpressionAttributeValues=values(
                **{f"before{i}": state for i, state in enumerate(before)}, **setting
            ),
        )

    def _put_new(self, item: dict[str, Any]) -> Write:
        put = {
            "TableName": self._name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(outbox_id)",
        }
        return Write({"Put": put})

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
        "created_at": to_text(delivery.created_at),
        "state": delivery.state,
        "position": _position(delivery.created_at + _DUE, delivery.id),
        "attempts": delivery.attempts,
    }


def _from_item(item: Item, seal: Seal) -> Order | Delivery:
    fields: dict[str, Any] = item
    created_at = from_text(fields["created_at"])
    if "recipient_sealed" not in fields:
        return Order(fields["outbox_id"], fields["kind"], fields["subject_id"], created_at)
    return Delivery(
        id=fields["outbox_id"],
        kind=fields["kind"],
        subject_id=fields["subject_id"],
        recipient=seal.open(fields["recipient_sealed"]),
        created_at=created_at,
        state=fields["state"],
        reason=fields.get("reason"),
        attempts=fields["attempts"],
        sent_at=from_text(fields["sent_at"]) if "sent_at" in fields else None,
        message_id=fields.get("message_id"),
        resent=fields.get("resent", False),
    )
