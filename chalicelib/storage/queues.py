"""What waits, in an index whose sort key is a *position*: its rank, then its time. Urgent ones come first."""

from collections.abc import Callable
from typing import Any

from chalicelib.storage.dynamodb import Found

# What a position begins with.
URGENT, NORMAL = "0#", "1#"

Key = dict[str, Any] | None
# Asks for those of a rank ("" for every), at most so many, behind a key.
Ask = Callable[[str, int, Key], Found]


def ranked(position: str, *, urgent: bool) -> str:
    return f"{URGENT if urgent else NORMAL}{position}"


def list_newest_first(ask: Ask, limit: int, after: Key) -> Found:
    """Urgent ones first, then the others, each newest first; `after` is the last answer's key.

    Backwards an index has urgent ones last, so it is two queries. A key tells its rank.
    """
    rank, key = (after["rank"], after["key"]) if after else (URGENT, None)
    items = []
    if rank == URGENT:
        found = ask(URGENT, limit, key)
        items, key = found.items, None
        if found.last_key:
            return Found(items, {"rank": URGENT, "key": found.last_key})
        if len(items) == limit:
            return Found(items, {"rank": NORMAL, "key": None})
    found = ask(NORMAL, limit - len(items), key)
    return Found(items + found.items, {"rank": NORMAL, "key": found.last_key} if found.last_key else None)


def find_oldest(ask: Ask) -> str | None:
    """When the one that has waited longest was written, urgent or not."""
    firsts = [item for rank in (URGENT, NORMAL) for item in ask(rank, 1, None).items]
    return min((str(item["created_at"]) for item in firsts), default=None)
