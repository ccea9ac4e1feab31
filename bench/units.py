"""What DynamoDB counts, from what is on the wire: items, and read and write units of tables.

Sizes and units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
and .../transaction-apis.html (a transaction costs double). What a write costs in indexes is not on the wire,
and not counted; of an update the item's size is not either: it is taken for one unit.
"""

import math
from base64 import b64decode
from typing import Any

_WRITE_UNIT = 1024
_READ_UNIT = 4096


def item_size(item: dict[str, dict[str, Any]]) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(attribute: dict[str, Any]) -> int:
    [(kind, value)] = attribute.items()
    if kind == "B":
        return len(b64decode(value))
    if kind == "N":
        # Two digits a byte, and one more.
        return math.ceil(len(value.lstrip("-")) / 2) + 1
    return 1 if kind in ("BOOL", "NULL") else len(str(value).encode())


def items_of(operation: str, body: Any, answer: Any) -> int:
    """How many items a call touches: writes and checks, or reads."""
    if operation == "TransactWriteItems":
        return len(body["TransactItems"])
    if operation == "BatchGetItem":
        return sum(len(table["Keys"]) for table in body["RequestItems"].values())
    return len(answer.get("Items", ())) if operation == "Query" else 1


def written_by(operation: str, body: Any) -> int:
    """How many items a call writes: conditions alone write nothing."""
    if operation == "TransactWriteItems":
        return sum("ConditionCheck" not in item for item in body["TransactItems"])
    return int(operation in ("PutItem", "UpdateItem", "DeleteItem"))


def write_units(operation: str, body: Any) -> float:
    if operation != "TransactWriteItems":
        return float(operation in ("PutItem", "UpdateItem", "DeleteItem"))
    puts = [item.get("Put", {}).get("Item", {}) for item in body["TransactItems"]]
    return 2.0 * sum(max(1, math.ceil(item_size(put) / _WRITE_UNIT)) for put in puts)


def read_units(operation: str, body: Any, answer: Any) -> float:
    if operation == "GetItem":
        size = item_size(answer.get("Item", {}))
        return max(1, math.ceil(size / _READ_UNIT)) * (1.0 if body.get("ConsistentRead") else 0.5)
    if operation == "Query":
        size = sum(item_size(item) for item in answer.get("Items", ()))
        return max(1, math.ceil(size / _READ_UNIT)) * 0.5
    if operation == "BatchGetItem":
        return 0.5 * items_of(operation, body, answer)
    return 0.0
