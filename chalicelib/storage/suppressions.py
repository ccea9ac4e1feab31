"""The suppressions table: addresses to which some or all mail is not sent any more, as keyed hashes.

`bounce` and `complaint` stop all mail; `unsubscribed` stops the mail about one's comments.

Key: address_hmac. Nothing expires: who asked for no more mail asked for good.

| access | key | who |
|---|---|---|
| a bounce or complaint, inside the transaction that notes it | address_hmac | delivery events |
| unsubscribe by the link in a mail | address_hmac | public |
| which of some addresses are suppressed, one BatchGetItem | address_hmac | mail |
| what is held about one person; erase it | address_hmac | staff |
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from chalicelib.people import Suppression
from chalicelib.storage.dynamodb import Database, Write, to_attributes, values
from chalicelib.storage.people import delete_once
from chalicelib.times import from_text, to_text

Cause = Literal["bounce", "complaint", "unsubscribed"]


class SuppressionsTable:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def suppress(self, address_hmac: str, cause: Cause, at: datetime) -> Write:
        """Suppressing twice is the same as once.

        A bounce or a complaint takes the place of a wish not to be mailed, for it says more.
        """
        cause_now = "if_not_exists(cause, :cause)" if cause == "unsubscribed" else ":cause"
        update = {
            "TableName": self._name,
            "Key": to_attributes({"address_hmac": address_hmac}),
            "UpdateExpression": f"SET cause = {cause_now}, created_at = if_not_exists(created_at, :at)",
            "ExpressionAttributeValues": values(cause=cause, at=to_text(at)),
        }
        return Write({"Update": update})

    def delete(self, address_hmac: str) -> Write:
        """Its refusal is AlreadyGone."""
        return delete_once(self._name, {"address_hmac": address_hmac})

    def find_many(self, address_hmacs: Iterable[str]) -> list[Suppression]:
        """Which of at most 100 addresses are suppressed."""
        keys = [{"address_hmac": address_hmac} for address_hmac in dict.fromkeys(address_hmacs)]
        if not keys:
            return []
        items = self._database.find_many(self._name, keys, "address_hmac, cause, created_at")
        return [
            Suppression(str(i["address_hmac"]), str(i["cause"]), from_text(str(i["created_at"])))
            for i in items
        ]
