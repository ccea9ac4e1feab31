"""The guard table: what keeps floods out. Everything in it expires, and none of it is backed up.

Key: guard_key.

| access | key | who |
|---|---|---|
| count a submission of a network, inside its own transaction | rate#<network hash>#<window> | public |
"""

from datetime import datetime

from chalicelib.errors import RateLimited
from chalicelib.storage.dynamodb import Write, to_attributes, values


class GuardTable:
    def __init__(self, name: str, limit: int, window_seconds: int) -> None:
        self._name = name
        self._limit = limit
        self._window = window_seconds

    def count(self, network: str, at: datetime) -> Write:
        """One more submission of `network`, unless it has had its share of this window."""
        now = int(at.timestamp())
        start = now // self._window * self._window
        update = {
            "TableName": self._name,
            "Key": to_attributes({"guard_key": f"rate#{network}#{start}"}),
            "UpdateExpression": "ADD submissions :one SET expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(submissions) OR submissions < :limit",
            "ExpressionAttributeValues": values(
                one=1, limit=self._limit, expires_at=start + 2 * self._window
            ),
        }
        return Write({"Update": update}, RateLimited(start + self._window - now))
