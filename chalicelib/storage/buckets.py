"""Buckets: how often somebody may submit, told by one number each, in the submission's own transaction.

Key: the guard table's (see guard.py).

The generic cell rate algorithm (ITU-T I.371, annex A) as a token bucket with ticks: a bucket takes `limit`
submissions at once, and has room for one more at each tick, `limit` of them in a window. `full_until` is the
time up to which its room is taken (the algorithm's theoretical arrival time), a multiple of a tick.

Because of the ticks a full bucket has room again at the very next one. So when to try again is known to the
second without reading the row, which the public function may not.

An expression of DynamoDB has no maximum, and an idle bucket must not save up more than its limit. So there
are two updates: of a bucket that is empty, or new, and of one that is filling. Which of them fits is guessed
from what this process wrote last; where that is wrong, the transaction is tried once more.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.errors import RateLimited
from chalicelib.storage.dynamodb import Write, to_attributes, values

_SECOND = 1_000_000
# A bucket that is full for longer than a window was filled under other settings: it begins anew. So much
# more than a window is for clocks that differ.
_CLOCK_SKEW = 60 * _SECOND
# What was written last is a ground for guesses alone: forgotten as a whole before it takes much memory.
_MOST_REMEMBERED = 1_000


class Missed(Exception):
    """The guess was wrong, or the bucket is full: `Turn.miss` tells which."""


@dataclass(frozen=True)
class Buckets:
    """All buckets of one kind: `limit` submissions at once, and as many again in each window."""

    table: str
    limit: int
    window_seconds: int
    written: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def tick(self) -> int:
        """How long until there is room for one more, in microseconds."""
        return max(1, self.window_seconds * _SECOND // self.limit)

    def turn(self, key: str, at: datetime) -> "Turn":
        return Turn(self, key, int(at.timestamp() * _SECOND))

    def remember(self, key: str, full_until: int) -> None:
        if len(self.written) >= _MOST_REMEMBERED:
            self.written.clear()
        self.written[key] = full_until


class Turn:
    """One submission's turn in one bucket, `now` microseconds since 1970.

    Put `write()` into the transaction; if that raises Missed, call `miss()` and try again; once it is
    committed, call `done()`.
    """

    def __init__(self, buckets: Buckets, key: str, now: int) -> None:
        self._buckets = buckets
        self._key = key
        self._now = now
        self._tick = now // buckets.tick * buckets.tick
        self._filling = buckets.written.get(key, 0) > self._tick
        self._known_not_empty = False

    def write(self) -> Write:
        expires_at = self._now // _SECOND + 2 * self._buckets.window_seconds
        update = self._fill() if self._filling else self._begin()
        update |= {"TableName": self._buckets.table, "Key": to_attributes({"guard_key": self._key})}
        update["UpdateExpression"] += ", expires_at = :expires_at"
        update["ExpressionAttributeValues"] |= values(tick=self._tick, expires_at=expires_at)
        return Write({"Update": update}, Missed())

    def miss(self) -> None:
        """Guess again, or raise RateLimited: it is full.

        It is full where it is neither empty nor filling, asked in this order: between the two it can only
        have become fuller.
        """
        if self._filling and self._known_not_empty:
            raise RateLimited(self._seconds_until_room())
        self._known_not_empty = not self._filling
        self._filling = not self._filling

    def done(self) -> None:
        # Of a filling one nobody said how full it is: at least so full, if no other process wrote to it.
        before = max(self._buckets.written.get(self._key, 0), self._tick + self._buckets.tick)
        full_until = (before if self._filling else self._tick) + self._buckets.tick
        self._buckets.remember(self._key, full_until)

    def _begin(self) -> dict[str, Any]:
        return {
            "UpdateExpression": "SET full_until = :full_until",
            "ConditionExpression": (
                "attribute_not_exists(full_until) OR full_until <= :tick OR full_until > :longest"
            ),
            "ExpressionAttributeValues": values(
                full_until=self._tick + self._buckets.tick,
                longest=self._tick + self._buckets.window_seconds * _SECOND + _CLOCK_SKEW,
            ),
        }

    def _fill(self) -> dict[str, Any]:
        return {
            "UpdateExpression": "SET full_until = full_until + :one",
            "ConditionExpression": "full_until > :tick AND full_until <= :last",
            "ExpressionAttributeValues": values(
                one=self._buckets.tick, last=self._tick + (self._buckets.limit - 1) * self._buckets.tick
            ),
        }

    def _seconds_until_room(self) -> int:
        return max(1, -((self._now - self._tick - self._buckets.tick) // _SECOND))
