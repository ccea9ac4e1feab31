"""What is held about one address, by its keyed hash: found and deleted in the same way in every table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.people import Trace
from chalicelib.storage.dynamodb import Database, Key, Write, to_attributes, values
from chalicelib.times import from_text

# An index, its attribute that holds the hash, and the hash that is looked for.
By = tuple[str, str, str]


@dataclass
class AlreadyGone(Exception):
    """Somebody else deleted it meanwhile, or it never was: the rest may go on without it."""

    key: str


def of_address(table: str, by: By, sort_key: str, after: str | None) -> dict[str, Any]:
    """The query for what has the hash, in the order of `sort_key`, behind `after`."""
    index, attribute, address_hmac = by
    query = {
        "TableName": table,
        "IndexName": index,
        "KeyConditionExpression": f"{attribute} = :address_hmac",
        "ExpressionAttributeValues": values(address_hmac=address_hmac),
    }
    if after is None:
        return query
    return {
        **query,
        "KeyConditionExpression": f"{query['KeyConditionExpression']} AND #place > :after",
        "ExpressionAttributeNames": {"#place": sort_key},
        "ExpressionAttributeValues": values(address_hmac=address_hmac, after=after),
    }


def find_traces(database: Database, table: str, by: By, key: str, after: str | None) -> Iterator[Trace]:
    """Of an index that holds keys alone: so whether an item has expired is told when it is got."""
    for item in database.query_all(of_address(table, by, "position", after)):
        position = str(item["position"])
        yield Trace(str(item[key]), position, from_text(position.partition("#")[0]))


def delete_once(table: str, key: Key) -> Write:
    """Delete an item that is there. The refusal is AlreadyGone."""
    [(name, value)] = key.items()
    delete = {
        "TableName": table,
        "Key": to_attributes(key),
        "ConditionExpression": f"attribute_exists({name})",
    }
    return Write({"Delete": delete}, AlreadyGone(value))
