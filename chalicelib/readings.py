"""Nobody reads a private field unseen: the audit trail has an entry of it before it is shown."""

from datetime import datetime
from typing import Protocol

from chalicelib.audit import Act


class ReadingStore(Protocol):
    def record_reading(self, act: Act) -> None: ...


def note_reading(item_id: str, actor: str, at: datetime, store: ReadingStore) -> None:
    """One item, in the item's own chain. Raises Unavailable: then it must not be shown."""
    store.record_reading(Act(item_id, actor, "read", at))


def note_list(subject: str, ids: list[str], actor: str, at: datetime, store: ReadingStore) -> None:
    """A list of `comments` or `enquiries`, with the ids that it shows. Raises Unavailable."""
    if ids:
        # A chain for each reader: were there one for all, they would wait for one another.
        store.record_reading(Act(f"{subject}/{actor}", actor, "list", at, read_ids=tuple(ids)))
