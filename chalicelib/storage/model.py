"""The model table: what the classifier has learnt from moderators' decisions, as counts of hashed features.

Key: generation, part.

| access | key | who |
|---|---|---|
| a lesson, inside the transaction of the decision that it is of | generation, `lesson#…` | staff |
| the counts, and the lessons that are not in them yet: one Query | generation | staff, housekeeping |
| fold lessons into the counts: one transaction | generation, part | housekeeping, the command |
| delete what earlier generations learnt | generation, part | the command |

A *lesson* is an item of its own, so that two decisions at once never meet on the counts, and none can be
lost: it is committed with its decision or not at all. Housekeeping folds lessons into the counts and deletes
them in one transaction, on condition that nobody has folded meanwhile; so each counts exactly once. Until
then whoever reads the model adds it up.

A *generation* is what was hashed under one secret by one version of the features. A rotated secret begins
another: then `retrain` teaches it from the stored comments.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.comments import Comment
from chalicelib.errors import Unavailable
from chalicelib.judgement.features import VERSION, buckets_of
from chalicelib.judgement.learning import Counts, Lesson, Model, unpack_buckets, unpack_counts
from chalicelib.judgement.taught import Label, Taught
from chalicelib.storage.dynamodb import Database, Item, Write, to_attributes, values

_COUNTS = "counts"
_LESSON = "lesson#"
# A transaction holds 100 actions: the counts, and so many lessons to delete.
FOLDED_AT_ONCE = 99
# How long an environment goes on with what it has read. Its own decisions end that at once.
_FRESH = timedelta(seconds=5)


class _FoldedAlready(Exception):
    """Somebody else has folded these lessons."""


@dataclass(frozen=True)
class _Stored:
    """The counts as they lie there, and the lessons that are not in them, by their `part`."""

    counts: Counts
    version: int
    lessons: dict[str, Lesson]


class ModelTable:
    """`key_id` names the secret that `make_key` derives the key of the features from, for their version."""

    def __init__(
        self,
        database: Database,
        name: str,
        key_id: str,
        make_key: Callable[[int], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._name = name
        self.generation = f"{key_id}.{VERSION}"
        self._key = make_key(VERSION)
        self._now = now
        self._read: tuple[datetime, Model | None] | None = None

    def taught_by(self, comment: Comment) -> Taught | None:
        """What a comment teaches as it is decided now."""
        label = comment.teaches
        return Taught(label, self.generation) if label else None

    def teach(self, comment: Comment, taught: Taught | None) -> list[Write]:
        """The lesson by which `comment` (as stored) will have taught `taught`: at most one item.

        It has a key of its own, so it meets no other write. What another generation learnt stays out of it.
        """
        unlearn = self._label(comment.taught)
        learn = self._label(taught)
        if unlearn == learn or not comment.readable:
            # Unreadable: what it taught cannot be told any more, so it stays counted.
            return []
        # Always of the text as it was typed: a redaction changes nothing of what was learnt.
        lesson = Lesson(buckets_of(comment.original_text, self._key), learn, unlearn)
        item = {
            **self._at(f"{_LESSON}{secrets.token_hex(16)}"),
            "learn": learn,
            "unlearn": unlearn,
            "buckets": lesson.pack(),
        }
        return [Write({"Put": {"TableName": self._name, "Item": to_attributes(item)}})]

    def forget_read(self) -> None:
        """Read anew the next time: there was a lesson."""
        self._read = None

    def find(self) -> Model | None:
        """The model as of at most some seconds ago; None where storage does not answer, or with nonsense.

        That too holds for some seconds: a list of comments must not wait for it again and again.
        """
        if self._read is None or self._now() - self._read[0] >= _FRESH:
            model = None
            with suppress(Unavailable, ValueError):
                model = Model(self._add_up(self._load()), self._key)
            self._read = self._now(), model
        return self._read[1]

    def fold(self, most: int = FOLDED_AT_ONCE) -> int:
        """Fold up to `most` lessons into the counts; return how many: none where somebody else was quicker.

        Raises Unavailable.
        """
        stored = self._load()
        parts = list(stored.lessons)[: min(most, FOLDED_AT_ONCE)]
        if not parts:
            return 0
        for part in parts:
            stored.counts.apply(stored.lessons[part])
        try:
            self._database.transact([self._put_counts(stored), *map(self._delete_lesson, parts)])
        except _FoldedAlready:
            return 0
        self.forget_read()
        return len(parts)

    def describe(self) -> dict[str, Any]:
        """What there is, in figures: for the command."""
        stored = self._load()
        counts = self._add_up(stored)
        return {
            "generation": self.generation,
            "approved": counts.comments["approved"],
            "spam": counts.comments["spam"],
            "scores": counts.is_ready,
            "lessons_to_fold": len(stored.lessons),
        }

    def delete_other_generations(self) -> int:
        """Return how many items went. Each conditional on nothing: no running function uses them any more."""
        found = [
            item
            for item in self._database.scan_all(TableName=self._name, ConsistentRead=True)
            if item["generation"] != self.generation
        ]
        for item in found:
            key = to_attributes({"generation": item["generation"], "part": item["part"]})
            self._database.transact([Write({"Delete": {"TableName": self._name, "Key": key}})])
        return len(found)

    def _label(self, taught: Taught | None) -> Label | None:
        return taught.label if taught and taught.generation == self.generation else None

    def _load(self) -> _Stored:
        """One page: what lies beyond its 1 MB, a thousand lessons, is read when those are folded."""
        found = self._database.query(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="generation = :generation",
            ExpressionAttributeValues=values(generation=self.generation),
        )
        items = {str(item["part"]): item for item in found.items}
        counts = items.pop(_COUNTS, None)
        lessons = {part: _to_lesson(item) for part, item in items.items()}
        if counts is None:
            return _Stored(Counts(), 0, lessons)
        return _Stored(_to_counts(counts), int(counts["version"]), lessons)

    def _add_up(self, stored: _Stored) -> Counts:
        for lesson in stored.lessons.values():
            stored.counts.apply(lesson)
        return stored.counts

    def _put_counts(self, stored: _Stored) -> Write:
        item = {
            **self._at(_COUNTS),
            "approved": stored.counts.comments["approved"],
            "spam": stored.counts.comments["spam"],
            "version": stored.version + 1,
            "buckets": stored.counts.pack(),
        }
        put = {
            "TableName": self._name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(version) OR version = :seen",
            "ExpressionAttributeValues": values(seen=stored.version),
        }
        return Write({"Put": put}, _FoldedAlready())

    def _delete_lesson(self, part: str) -> Write:
        # Without a condition: that of the counts says that nobody has folded since they were read.
        return Write({"Delete": {"TableName": self._name, "Key": to_attributes(self._at(part))}})

    def _at(self, part: str) -> dict[str, str]:
        return {"generation": self.generation, "part": part}


def _to_counts(item: Item) -> Counts:
    fields: dict[str, Any] = item
    return unpack_counts(bytes(fields["buckets"]), fields["approved"], fields["spam"])


def _to_lesson(item: Item) -> Lesson:
    fields: dict[str, Any] = item
    return Lesson(unpack_buckets(bytes(fields["buckets"])), fields.get("learn"), fields.get("unlearn"))
