"""What comments and enquiries have in common when they arrive: identity, so that one is one.

A submission's id is a function of what makes it the same submission, so that the conditional put of
the submission is itself the idempotency record (docs/decisions/0002-deterministic-ids.md):

- with an Idempotency-Key: that key, for 24 hours;
- without one: everything that was typed, for 10 minutes.

Time is cut into slots as long as the window. The id holds its slot, so the same submission within
one window can lie in this slot or in a neighbouring one. The transaction therefore also checks that
no neighbour holds it: exactly sliding windows, in one round trip.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

KEY_WINDOW = timedelta(hours=24)
CONTENT_WINDOW = timedelta(minutes=10)
# Another environment's clock may be ahead, and may have put the same submission into the next slot.
_CLOCK_SKEW_SECONDS = 5


class Hashing(Protocol):
    def digest(self, purpose: str, message: str) -> bytes: ...

    def address(self, email: str) -> str: ...


@dataclass(frozen=True)
class Visit:
    """Who is submitting, as far as we keep it: a keyed hash of the network, never the IP itself."""

    network: str
    idempotency_key: str | None
    at: datetime
    # What they read best of our languages: the one to mail them in.
    language: str = "en"
    # A keyed hash of the form token that it came with, if this site made that: good for one submission.
    form: bytes | None = None


@dataclass(frozen=True)
class Identity:
    """A submission's own id, and those ids under which it may have been accepted before."""

    own: str
    neighbours: tuple[str, ...]
    # An earlier submission no later than this is another one, even under a neighbouring id.
    window_start: datetime
    # Tells whether a submission under the same id is the same to the letter.
    request_hash: str


MakeId = Callable[[int, bytes], str]


def identify(
    kind: str,
    body: dict[str, object],
    same_by: tuple[str, ...],
    visit: Visit,
    hashing: Hashing,
    make_id: MakeId,
) -> Identity:
    """Identify the submission `body` (its normalised fields) of `kind` ("comment" or "enquiry").

    Without a key, two submissions are one if they agree in the fields `same_by`. `visit.at` is in UTC.
    `make_id` makes an id of a slot's start (seconds since 1970) and a 32-byte digest.
    """
    content = json.dumps([body[name] for name in same_by])
    if visit.idempotency_key:
        window, source, request = KEY_WINDOW, f"key:{visit.idempotency_key}", json.dumps(body, sort_keys=True)
    else:
        window, source, request = CONTENT_WINDOW, f"content:{content}", content

    def in_slot(start: int) -> str:
        return make_id(start, hashing.digest(f"{kind} id", f"{start}:{source}"))

    now, length = int(visit.at.timestamp()), int(window.total_seconds())
    own, *others = (at // length * length for at in (now, now - length, now + _CLOCK_SKEW_SECONDS))
    return Identity(
        own=in_slot(own),
        neighbours=tuple(in_slot(start) for start in sorted({*others} - {own})),
        window_start=visit.at - window,
        request_hash=hashing.digest(f"{kind} request", request).hex(),
    )
