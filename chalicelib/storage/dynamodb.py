"""DynamoDB as the tables use it: items as plain dicts, transactions that say which condition failed.

Every failure of the database itself becomes `Unavailable`; what a failed condition means is told by
who wrote the condition.
"""

import random
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

Value = str | int | bool | bytes
Item = dict[str, Value]
Key = dict[str, str]

_ATTEMPTS_ON_CONFLICT = 8
# The system's, asked each time: environments restored from one snapshot (SnapStart) would share a seed.
_random = random.SystemRandom()
# Cancellation reasons that say "not now" rather than "no" (DynamoDB API reference, TransactWriteItems).
_PASSING_REASONS = {
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
}


@dataclass(frozen=True)
class Write:
    """One action of a transaction, and the error that says what it means if its condition fails."""

    action: dict[str, dict[str, Any]]
    refusal: Exception | None = None


@dataclass(frozen=True)
class Found:
    """One page of a query. `last_key` is there where DynamoDB stopped before the end."""

    items: list[Item]
    last_key: dict[str, Any] | None


@dataclass(frozen=True)
class Count:
    """How many items there are; at least so many, where counting stopped before the end."""

    number: int
    complete: bool


class Database:
    """Talks to DynamoDB through `client` (botocore). Raises Unavailable for whatever it refuses.

    What has expired (`expires_at`, seconds since 1970) is not read, though DynamoDB keeps it for days:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html.
    """

    def __init__(
        self, client: Any, now: Callable[[], datetime], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._now = now
        self._sleep = sleep

    def transact(self, writes: list[Write]) -> None:
        """Do all of `writes` or none.

        Raises the refusal of the first write (in their order) whose condition failed.
        """
        items = [write.action for write in writes]
        for _ in self._attempts():
            try:
                self._client.transact_write_items(TransactItems=items)
            except ClientError as error:
                reasons = error.response.get("CancellationReasons")
                if reasons is None:
                    raise Unavailable("TransactWriteItems") from error
                _raise_refusal(writes, reasons)
            except BotoCoreError as error:
                raise Unavailable("TransactWriteItems") from error
            else:
                return
        raise Unavailable("TransactWriteItems")

    def find(self, table: str, key: Key, *, even_expired: bool = False) -> Item | None:
        """`even_expired`: also what is only waiting to be deleted, for who erases it."""
        answer = self._call("get_item", TableName=table, Key=to_attributes(key), ConsistentRead=True)
        found = self._items([answer["Item"]] if "Item" in answer else [], even_expired=even_expired)
        return found[0] if found else None

    def find_many(self, table: str, keys: list[Key], attributes: str) -> list[Item]:
        """Read up to 100 items by key, eventually consistent; those that do not exist are left out."""
        wanted = {table: {"Keys": [to_attributes(k) for k in keys], "ProjectionExpression": attributes}}
        items: list[Item] = []
        for _ in self._attempts():
            answer = self._call("batch_get_item", RequestItems=wanted)
            items += self._items(answer["Responses"].get(table, []))
            wanted = answer.get("UnprocessedKeys", {})
            if not wanted:
                return items
        raise Unavailable("BatchGetItem")

    def query(self, **request: Any) -> Found:
        answer = self._call("query", **request)
        return Found(self._items(answer["Items"]), answer.get("LastEvaluatedKey"))

    def query_all(self, request: dict[str, Any], *, even_expired: bool = False) -> Iterator[Item]:
        """Every item that a query finds, a page at a time, each read when it is asked for.

        `even_expired` as for `find`.
        """
        answer = self._call("query", **request)
        yield from self._items(answer["Items"], even_expired=even_expired)
        while "LastEvaluatedKey" in answer:
            answer = self._call("query", **request, ExclusiveStartKey=answer["LastEvaluatedKey"])
            yield from self._items(answer["Items"], even_expired=even_expired)

    def count(self, most_pages: int, **request: Any) -> Count:
        """How many items a query finds, expired ones left out, reading at most `most_pages` of 1 MB."""
        request = {
            **request,
            "Select": "COUNT",
            "FilterExpression": "attribute_not_exists(expires_at) OR expires_at > :now",
            "ExpressionAttributeValues": {
                **request["ExpressionAttributeValues"],
                **values(now=int(self._now().timestamp())),
            },
        }
        number = 0
        for _ in range(most_pages):
            answer = self._call("query", **request)
            number += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return Count(number, complete=True)
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return Count(number, complete=False)

    def scan(self, **request: Any) -> Found:
        answer = self._call("scan", **request)
        return Found(self._items(answer["Items"]), answer.get("LastEvaluatedKey"))

    def scan_all(self, **request: Any) -> Iterator[Item]:
        """Every item of a table, a page at a time: for commands, not for requests."""
        found = self.scan(**request)
        yield from found.items
        while found.last_key:
            found = self.scan(**request, ExclusiveStartKey=found.last_key)
            yield from found.items

    def update(self, refusal: Exception, **request: Any) -> None:
        """Update one item. Raises `refusal` where its condition fails."""
        for _ in self._attempts():
            try:
                self._client.update_item(**request)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    raise refusal from None
                if code != "TransactionConflictException":
                    raise Unavailable("UpdateItem") from error
            except BotoCoreError as error:
                raise Unavailable("UpdateItem") from error
            else:
                return
        raise Unavailable("UpdateItem")

    def _attempts(self) -> Iterator[None]:
        """Each try after the first waits a little: botocore does not retry conflicts."""
        for attempt in range(_ATTEMPTS_ON_CONFLICT):
            if attempt:
                # Full jitter, so that rivals do not meet again.
                self._sleep(_random.uniform(0, min(0.02 * 2**attempt, 0.5)))
            yield

    def _items(self, found: list[dict[str, Any]], *, even_expired: bool = False) -> list[Item]:
        now = int(self._now().timestamp())
        items = [from_attributes(item) for item in found]
        return [item for item in items if even_expired or int(item.get("expires_at", now + 1)) > now]

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**request)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(operation) from error
        return answer


def to_attributes(item: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return `item` as DynamoDB's attributes. A None is left out: it has no attribute."""
    return {name: _to_attribute(value) for name, value in item.items() if value is not None}


def values(**named: Value) -> dict[str, dict[str, Any]]:
    """Return ExpressionAttributeValues: `values(now="…")` is what `:now` stands for."""
    return {f":{name}": _to_attribute(value) for name, value in named.items()}


def make_update(
    table: str, key: Key, changes: Mapping[str, Any], condition: str, **known: Value
) -> dict[str, Any]:
    """Return an Update that sets `changes`, and removes those that are None; other attributes stay.

    `condition` names what stands in `known`: `make_update(..., "revision = :seen", seen=3)`.
    """
    setting = {name: value for name, value in changes.items() if value is not None}
    removing = [name for name, value in changes.items() if value is None]
    parts = ["SET " + ", ".join(f"#{name} = :{name}" for name in setting)] if setting else []
    parts += ["REMOVE " + ", ".join(f"#{name}" for name in removing)] if removing else []
    update: dict[str, Any] = {
        "TableName": table,
        "Key": to_attributes(key),
        "UpdateExpression": " ".join(parts),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in changes},
    }
    if setting or known:
        update["ExpressionAttributeValues"] = values(**setting, **known)
    return update


def from_attributes(attributes: dict[str, dict[str, Any]]) -> Item:
    return {
        name: _from_attribute(*kind_and_value)
        for name, attribute in attributes.items()
        for kind_and_value in attribute.items()
    }


def _from_attribute(kind: str, value: Any) -> Any:
    if kind == "N":
        return int(value)
    # As plain JSON has them (plain_json.py); of a client whose answers the SDK parses they are bytes.
    if kind == "B" and isinstance(value, str):
        return b64decode(value)
    return value


def _to_attribute(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"B": value}


def _raise_refusal(writes: list[Write], reasons: Iterable[Mapping[str, Any]]) -> None:
    """Raise what the cancellation means; return where the same transaction may go through next time."""
    codes = [reason.get("Code", "None") for reason in reasons]
    for write, code in zip(writes, codes, strict=True):
        if code == "ConditionalCheckFailed":
            raise write.refusal or Unavailable("TransactWriteItems")
    if not _PASSING_REASONS.intersection(codes):
        raise Unavailable("TransactWriteItems")
