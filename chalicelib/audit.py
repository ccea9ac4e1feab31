"""The audit trail: who did what to which subject, and when. Ids only, never a private field."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import ids


@dataclass(frozen=True)
class Entry:
    """One act. `before` and `after` are statuses or states; `reason` is the moderator's own word."""

    id: str
    subject: str
    actor: str
    action: str
    at: datetime
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    # The ids that a list showed, where the act was to read a list.
    read_ids: tuple[str, ...] = ()


def new_entry(
    subject: str,
    actor: str,
    action: str,
    at: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
    reason: str | None = None,
    read_ids: tuple[str, ...] = (),
) -> Entry:
    return Entry(ids.new_id("a", at), subject, actor, action, at, before, after, reason, read_ids)
