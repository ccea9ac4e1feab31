"""The guard table: what keeps floods out. Everything in it expires, and none of it is backed up.

Key: guard_key.

| access | key | who |
|---|---|---|
| a submission's turn in its network's bucket, in its transaction: buckets.py | rate#<network hash> | public |
| count a mail in its second, within SES's rate | mail#<second> | mail |
| who was first of one form, or with one text on one day | mark#<mark> | mail |
| is another the first? and to be the first of a form, where authors are trusted | mark#<mark> | public |
| acknowledge enquiries of one address at most once a day | acknowledged#<address hmac> | mail |
| what is kept of one address; erase it | acknowledged#<address hmac> | staff |
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import NotTrusted
from chalicelib.people import GuardRecord
from chalicelib.storage.buckets import Buckets, Turn
from chalicelib.storage.dynamodb import Database, Value, Write, to_attributes, values
from chalicelib.storage.people import delete_once

_ACKNOWLEDGED_FOR = timedelta(days=1)
# Longer than a form token is good for, and than an order waits in the mail queue (4 days).
_MARK_KEPT = timedelta(days=7)
# Only the second itself matters; a minute is for clocks that differ.
_SECOND_KEPT = 60
_FIRST = "attribute_not_exists(subject_id) OR subject_id = :subject"


class NoTurn(Exception):
    """This second has had as much mail as SES takes."""


class _MarkedBefore(Exception):
    """Another submission had the mark first."""


class GuardTable:
    def __init__(self, database: Database, name: str, limit: int, window_seconds: int) -> None:
        self._database = database
        self._name = name
        self._networks = Buckets(name, limit, window_seconds)

    def turn(self, network: str, at: datetime) -> Turn:
        """A submission's turn in its network's bucket. An address has none: docs/judgement.md says why."""
        return self._networks.turn(f"rate#{network}", at)

    def take_turn(self, second: int, limit: int) -> None:
        """One more mail in `second` (since 1970), of at most `limit`. Raises NoTurn or Unavailable."""
        self._database.update(
            NoTurn(),
            TableName=self._name,
            Key=to_attributes({"guard_key": f"mail#{second}"}),
            UpdateExpression="ADD mails :one SET expires_at = :expires_at",
            ConditionExpression="attribute_not_exists(mails) OR mails < :limit",
            ExpressionAttributeValues=values(one=1, limit=limit, expires_at=second + _SECOND_KEPT),
        )

    def acknowledge(self, address_hmac: str, at: datetime, refusal: Exception) -> Write:
        """Its refusal: enquiries of this address were acknowledged within the last day."""
        put = {
            "TableName": self._name,
            "Item": to_attributes(
                {
                    "guard_key": acknowledged_key(address_hmac),
                    "expires_at": int((at + _ACKNOWLEDGED_FOR).timestamp()),
                }
            ),
            # What has expired may stay for days.
            "ConditionExpression": "attribute_not_exists(guard_key) OR expires_at <= :now",
            "ExpressionAttributeValues": values(now=int(at.timestamp())),
        }
        return Write({"Put": put}, refusal)

    def is_first(self, mark: str, subject_id: str, at: datetime) -> bool:
        """Whether no other subject was asked about with this mark before; asked again, it says the same.

        What has expired and is not deleted yet still counts: it did come before. Raises Unavailable.
        """
        try:
            self._database.update(_MarkedBefore(), **self._make_first(mark, subject_id, at))
        except _MarkedBefore:
            return False
        return True

    def make_first(self, mark: str, subject_id: str, at: datetime) -> Write:
        """The same, within a transaction. Its refusal is NotTrusted."""
        return Write({"Update": self._make_first(mark, subject_id, at)}, NotTrusted())

    def check_first(self, mark: str, subject_id: str) -> Write:
        """No other subject is known to have this mark. Its refusal is NotTrusted."""
        check = {
            "TableName": self._name,
            "Key": to_attributes({"guard_key": _mark_key(mark)}),
            "ConditionExpression": _FIRST,
            "ExpressionAttributeValues": values(subject=subject_id),
        }
        return Write({"ConditionCheck": check}, NotTrusted())

    def _make_first(self, mark: str, subject_id: str, at: datetime) -> dict[str, Any]:
        expires_at = int((at + _MARK_KEPT).timestamp())
        return {
            "TableName": self._name,
            "Key": to_attributes({"guard_key": _mark_key(mark)}),
            "UpdateExpression": "SET subject_id = :subject, expires_at = :expires_at",
            "ConditionExpression": _FIRST,
            "ExpressionAttributeValues": values(subject=subject_id, expires_at=expires_at),
        }

    def find_of_address(self, address_hmac: str) -> list[GuardRecord]:
        """All that is kept of one address."""
        found = [self._database.find(self._name, {"guard_key": key}) for key in _keys_of(address_hmac)]
        return [
            GuardRecord(str(item["guard_key"]).partition("#")[0], _from_seconds(item["expires_at"]))
            for item in found
            if item
        ]

    def delete_of_address(self, address_hmac: str) -> dict[str, Write]:
        """What deletes all that may be kept of one address, by key. Each one's refusal is AlreadyGone."""
        return {key: delete_once(self._name, {"guard_key": key}) for key in _keys_of(address_hmac)}


def _keys_of(address_hmac: str) -> tuple[str, ...]:
    """Whoever adds a kind of record that is kept by address adds its key: so that it can be erased."""
    return (acknowledged_key(address_hmac),)


def _from_seconds(seconds: Value) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _mark_key(mark: str) -> str:
    return f"mark#{mark}"


def acknowledged_key(address_hmac: str) -> str:
    return f"acknowledged#{address_hmac}"
