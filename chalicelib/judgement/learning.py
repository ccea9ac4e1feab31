"""Learning from decisions: how likely a comment is what moderators here marked as spam.

A naive Bayes classifier over hashed features (features.py), trained by this site's approve and spam
decisions alone. It sorts and explains; it never decides.

The model is counts: of how many approved, and of how many spam comments a feature was part. So learning
adds one here and there, and unlearning takes the same away again: after both, all is as before, whatever
was learnt in between. Figures, and what else was tried: docs/judgement.md.
"""

import math
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.judgement.features import BUCKETS, buckets_of
from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.taught import Label

# Of each kind. With fewer, what a score says is mostly chance.
FEWEST_DECISIONS = 5
# From here on moderators are told that it looks like spam.
SHOWN_FROM = 0.9
# Beyond this a score could not be told from 0 or 1.
_MOST_LOG_ODDS = 30.0
_LABELS: tuple[Label, ...] = ("approved", "spam")


class Lesson(NamedTuple):
    """What one decision changes: the comment's buckets, learnt as one label, taken back from another."""

    buckets: tuple[int, ...]
    learn: Label | None
    unlearn: Label | None

    def pack(self) -> bytes:
        """The buckets as bytes, two each."""
        return struct.pack(f"<{len(self.buckets)}H", *self.buckets)


def unpack_buckets(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 2}H", packed)


def _zeros() -> dict[Label, "array[int]"]:
    return {label: array("i", bytes(4 * BUCKETS)) for label in _LABELS}


@dataclass
class Counts:
    """How many comments of each label taught, and how many of them fell into each bucket."""

    comments: dict[Label, int] = field(default_factory=lambda: dict.fromkeys(_LABELS, 0))
    seen: dict[Label, "array[int]"] = field(default_factory=_zeros)

    def apply(self, lesson: Lesson) -> None:
        if lesson.unlearn:
            self._add(lesson.unlearn, lesson.buckets, -1)
        if lesson.learn:
            self._add(lesson.learn, lesson.buckets, 1)

    def _add(self, label: Label, buckets: Iterable[int], by: int) -> None:
        self.comments[label] += by
        seen = self.seen[label]
        for bucket in buckets:
            seen[bucket] += by

    @property
    def is_ready(self) -> bool:
        return min(self.comments.values()) >= FEWEST_DECISIONS

    def score(self, buckets: tuple[int, ...]) -> float | None:
        """How likely spam is, 0 to 1; None while too little was learnt, or where there is nothing to see.

        Both kinds count as equally likely beforehand: what a site has more of is no mark of one comment.
        Features of one word come together, so their sum is far too sure; divided by the root of how many
        there are it is not.
        """
        if not self.is_ready or not buckets:
            return None
        # How little a feature says that was seen in few comments: half a comment more, of the rarer kind.
        # The same on both sides, so that what neither kind had says nothing, though one be much rarer.
        little = 0.5 / min(self.comments.values())
        spam, approved = (self._shares(label, buckets, little) for label in ("spam", "approved"))
        log_odds = sum(map(math.log, spam)) - sum(map(math.log, approved))
        log_odds /= math.sqrt(len(buckets))
        return 1 / (1 + math.exp(-max(-_MOST_LOG_ODDS, min(_MOST_LOG_ODDS, log_odds))))

    def _shares(self, label: Label, buckets: Iterable[int], little: float) -> list[float]:
        """Of the comments of a label, which share fell into each of the buckets; and a little more."""
        seen, comments = self.seen[label], self.comments[label]
        # Below zero where tables were restored to different times: then it is as if never seen.
        return [max(0, seen[bucket]) / comments + little for bucket in buckets]

    def pack(self) -> bytes:
        """All buckets, approved before spam, as compressed bytes: a few kilobytes, at most 131."""
        return zlib.compress(b"".join(_little_endian(self.seen[label]).tobytes() for label in _LABELS))


def unpack_counts(packed: bytes, approved: int, spam: int) -> Counts:
    """Raises ValueError where it is not what `Counts.pack` made."""
    try:
        raw = zlib.decompress(packed)
    except zlib.error:
        raise ValueError("not compressed counts") from None
    if len(raw) != 2 * 4 * BUCKETS:
        raise ValueError("counts of another number of buckets")
    halves = raw[: 4 * BUCKETS], raw[4 * BUCKETS :]
    seen = {label: _little_endian(array("i", half)) for label, half in zip(_LABELS, halves, strict=True)}
    return Counts({"approved": approved, "spam": spam}, seen)


def _little_endian(numbers: "array[int]") -> "array[int]":
    """A copy that is stored alike on every machine."""
    copy = array("i", numbers)
    if sys.byteorder == "big":
        copy.byteswap()
    return copy


@dataclass(frozen=True, repr=False)
class Model:
    """What was learnt, and the key that its features were hashed under."""

    counts: Counts
    key: bytes

    def score(self, text: str) -> float | None:
        """As `Counts.score`, of a text."""
        return self.counts.score(buckets_of(text, self.key)) if self.counts.is_ready else None


def explain(score: float | None) -> tuple[Reason, ...]:
    """What moderators are told of a score: a sentence, where it is high enough to be of use."""
    if score is None or score < SHOWN_FROM:
        return ()
    # Never "100 %": nothing here is certain.
    percent = min(99, math.floor(score * 100))
    return (Reason("looks_like_spam", f"Looks like what moderators here marked as spam ({percent} %)."),)
