"""Sealing and hashing anew what is stored, after a rotation of keys. For a command, not for requests."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.storage.dynamodb import Database, Item, to_attributes, values
from chalicelib.storage.seal import Seal, Unreadable


@dataclass(frozen=True)
class Hashed:
    """A keyed hash that stands beside the sealed value, and how it is made of what was sealed."""

    attribute: str
    make: Callable[[Any], str]


class ChangedMeanwhile(Exception):
    """Somebody wrote the item since it was read: then it is sealed to the current key already."""


def reseal(
    database: Database, table: str, key: str, sealed: str, seal: Seal, hashed: Hashed | None = None
) -> int:
    """Renew the attribute `sealed` of every item of `table` that needs it; return of how many.

    Resumable: what has been renewed is passed over the next time.
    """
    renewed = 0
    for item in database.scan_all(TableName=table, ConsistentRead=True):
        try:
            changes = _changes(item, sealed, seal, hashed) if sealed in item else {}
        except (Unreadable, LookupError, TypeError, AttributeError):
            # It opens with no key that we have: it stays as it is, and the others go on.
            continue
        if not changes:
            continue
        with suppress(ChangedMeanwhile):
            database.update(
                ChangedMeanwhile(),
                TableName=table,
                Key=to_attributes({key: item[key]}),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in changes),
                ConditionExpression=f"{sealed} = :before",
                ExpressionAttributeValues=values(before=item[sealed], **changes),
            )
            renewed += 1
    return renewed


def _changes(item: Item, sealed: str, seal: Seal, hashed: Hashed | None) -> Item:
    box: Any = item[sealed]
    changes: Item = {} if seal.is_current(box) else {sealed: seal.close(seal.open(box))}
    if hashed:
        made = hashed.make(seal.open(box))
        if made != item.get(hashed.attribute):
            changes[hashed.attribute] = made
    return changes
