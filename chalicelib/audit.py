"""The audit trail: who did what to which subject, and when. Ids only, never a private field.

The entries of a subject are a chain: each holds the hash of the one before, so that one that is altered,
put in or taken out from between breaks the chain there. The chain cannot show that its end was cut off, nor
that all of it was written anew: that no role may delete or update an entry stands against it. What the
hash covers, and how, is `_digest`.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from chalicelib.times import to_text

_BEFORE_THE_FIRST = "0" * 64


@dataclass(frozen=True)
class Act:
    """What somebody did. `before` and `after` are statuses; `reason` is the moderator's own word."""

    subject: str
    actor: str
    action: str
    at: datetime
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    # The ids that a list showed, where the act was to read a list.
    read_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """An act in its place in the subject's chain. The first has sequence 1."""

    act: Act
    sequence: int
    previous_hash: str
    hash: str


def chain(act: Act, last: Entry | None) -> Entry:
    """Return `act` as the entry behind `last`, the subject's last one so far."""
    sequence = last.sequence + 1 if last else 1
    previous = last.hash if last else _BEFORE_THE_FIRST
    return Entry(act, sequence, previous, _digest(act, sequence, previous))


def find_break(entries: Iterable[Entry]) -> int | None:
    """Return the sequence at which a subject's chain (in order, from its first entry) first breaks."""
    last: Entry | None = None
    for entry in entries:
        if entry != chain(entry.act, last):
            return last.sequence + 1 if last else 1
        last = entry
    return None


def _digest(act: Act, sequence: int, previous_hash: str) -> str:
    """SHA-256 of a JSON array: sequence, previous hash, and the act's fields by name, times as text."""
    fields = {**asdict(act), "at": to_text(act.at)}
    covered = [sequence, previous_hash, fields]
    return sha256(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
