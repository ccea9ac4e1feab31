"""Counts what calls are charged by: DynamoDB's units by the sizes of what is written and read.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html. A write
in a transaction is two units a kilobyte; an index that holds the item is one more, and one again where its
key changes; a query reads half a unit for 4 KB, a consistent read twice that.
"""

import math
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from infra.cost import Usage
from tests.stack import Stack, template

_KEYS = {"N": 8, "BOOL": 1}


@contextmanager
def counted(stack: Stack) -> Iterator[Usage]:
    """What the product's calls use meanwhile; the test's own clients are left out."""
    usage: Usage = Usage()
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def count(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        answer = call(client, operation, parameters)
        if client not in (stack.dynamodb, stack.sqs):
            usage.update(_used(client.meta.service_model.service_name, operation, parameters, answer, stack))
        return answer

    with patch.object(BaseClient, "_make_api_call", count):
        yield usage


def _used(service: str, operation: str, sent: dict[str, Any], answer: Any, stack: Stack) -> Usage:
    if service == "sqs":
        return Usage({"sqs_requests": 1})
    if service != "dynamodb":
        return Usage()
    if operation == "TransactWriteItems":
        return Usage({"dynamodb_write_units": sum(_written(i, stack, 2) for i in sent["TransactItems"])})
    if operation == "UpdateItem":
        return Usage({"dynamodb_write_units": _written({"Update": sent}, stack, 1)})
    return Usage({"dynamodb_read_units": _read(operation, sent, answer)})


def _read(operation: str, sent: dict[str, Any], answer: Any) -> float:
    if operation == "GetItem":
        return math.ceil(max(1, size_of(answer.get("Item", {}))) / 4096) * _share(sent)
    if operation == "BatchGetItem":
        # Each item by itself.
        return 0.5 * sum(len(request["Keys"]) for request in sent["RequestItems"].values())
    items = answer.get("Items", [])
    return math.ceil(max(1, sum(map(size_of, items))) / 4096) * _share(sent)


def _share(sent: dict[str, Any]) -> float:
    return 1.0 if sent.get("ConsistentRead") else 0.5


def _written(action: dict[str, Any], stack: Stack, units_a_kilobyte: int) -> int:
    [(kind, told)] = action.items()
    logical_id = next(name for name in _tables() if stack.table(name) == told["TableName"])
    if kind == "ConditionCheck":
        return units_a_kilobyte * _kilobytes(_item(told["TableName"], told["Key"], stack))
    item = told["Item"] if kind == "Put" else _item(told["TableName"], told["Key"], stack)
    named = set(told.get("ExpressionAttributeNames", {}).values()) if kind == "Update" else set(item)
    units = units_a_kilobyte * _kilobytes(item)
    for index in _tables()[logical_id].get("GlobalSecondaryIndexes", []):
        keys = {key["AttributeName"] for key in index["KeySchema"]}
        if keys <= set(item):
            shown = {name: item[name] for name in _projected(index, item) if name in item}
            moved = kind == "Update" and bool(keys & named)
            touched = kind == "Put" or bool(set(shown) & named) or moved
            units += _kilobytes(shown) * (2 if moved else int(touched))
    return units


def _item(table: str, key: dict[str, Any], stack: Stack) -> dict[str, Any]:
    item: dict[str, Any] = stack.dynamodb.get_item(TableName=table, Key=key).get("Item", key)
    return item


def _projected(index: dict[str, Any], item: dict[str, Any]) -> set[str]:
    projection = index["Projection"]
    if projection["ProjectionType"] == "ALL":
        return set(item)
    keys = {key["AttributeName"] for key in index["KeySchema"]}
    return keys | set(projection.get("NonKeyAttributes", []))


def _kilobytes(item: dict[str, Any]) -> int:
    return max(1, math.ceil(size_of(item) / 1024))


def size_of(item: dict[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: dict[str, Any]) -> int:
    [(kind, held)] = value.items()
    if kind in _KEYS:
        return _KEYS[kind]
    if kind == "B" and isinstance(held, str):
        # Read as plain JSON.
        return len(b64decode(held))
    return len(held if isinstance(held, bytes) else str(held).encode())


def _tables() -> dict[str, dict[str, Any]]:
    resources = template()["Resources"].items()
    return {name: r["Properties"] for name, r in resources if r["Type"] == "AWS::DynamoDB::Table"}
