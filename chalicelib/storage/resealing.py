"""Sealing and hashing anew what is stored, after a rotation of keys. For a command, not for requests."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.storage.dynamodb import Database, Item, to_attributes, values
from chalicelib.storage.seal import Seal, Unreadable


@dataclass(frozen=True)
class Hashed:
    """A keyed hash that stands beside the sealed value, and how it is made of what was sealed.

    None where there is nothing to hash: then there is no such attribute.
    """

    attribute: str
    make: Callable[[Any], str | None]


class Renewal(NamedTuple):
    """How many items were renewed, and how many no known key opens: those stay as they are."""

    renewed: int
    unreadable: int


class ChangedMeanwhile(Exception):
    """Somebody wrote the item since it was read: then it is sealed to the current key already."""


def reseal(
    database: Database, table: str, key: str, sealed: str, seal: Seal, hashed: Hashed | None = None
) -> Renewal:
    """Renew the attribute `sealed` of every item of `table` that needs it.

    Resumable: what has been renewed is passed over the next time.
    """
    renewed = unreadable = 0
    for item in database.scan_all(TableName=table, ConsistentRead=True):
        try:
            changes = _changes(item, sealed, seal, hashed) if sealed in item else {}
        except (Unreadable, LookupError, TypeError, AttributeError):
            unreadable += 1
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
    return Renewal(renewed, unreadable)


def _changes(item: Item, sealed: str, seal: Seal, hashed: Hashed | None) -> Item:
    box: Any = item[sealed]
    changes: Item = {} if seal.is_current(box) else {sealed: seal.close(seal.open(box))}
    if hashed:
        made = hashed.make(seal.open(box))
        if made is not None and made != item.get(hashed.attribute):
            changes[hashed.attribute] = made
    return changes
