"""What is held about one person, by their address: handed over, or erased.

No address is kept in the clear: a person is looked for by the keyed hashes of theirs, one under each secret
that hashes were made with (`hashes`, the current one first). What others wrote about them is not found.

Both functions go on step by step: a request stops in time, a command tells how far it is. Whoever is asked
for is not told by the audit trail: an export or an erasure is a subject of its own, under a random id
(docs/decisions/0010-erasure-is-audited-under-a-random-id.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from chalicelib import comments, enquiries, ids
from chalicelib.audit import Act, Entry
from chalicelib.comments import Comment, CommentStore
from chalicelib.enquiries import Enquiry, EnquiryStore
from chalicelib.errors import NotFound
from chalicelib.outbox import STAFF_MAIL, OutboxEntry

Section = Literal["comments", "enquiries", "deliveries", "marks", "audit", "end"]
Kind = Literal["comments", "enquiries", "deliveries", "suppressions", "guard"]
KINDS: tuple[Kind, ...] = ("comments", "enquiries", "deliveries", "suppressions", "guard")

T = TypeVar("T")

# A transaction holds 100 actions.
_DELETED_AT_ONCE = 50
# So many entries of the audit trail are looked through in one step.
_LOOKED_THROUGH_AT_ONCE = 500


class Trace(NamedTuple):
    """That a person wrote something: its id, where it lies in the order of writing, and since when."""

    id: str
    position: str
    since: datetime


@dataclass(frozen=True)
class Suppression:
    """That an address is not mailed any more, and why."""

    address_hmac: str
    cause: str
    created_at: datetime


@dataclass(frozen=True)
class GuardRecord:
    """That an address is remembered for a while, and what for."""

    kind: str
    expires_at: datetime


@dataclass(frozen=True)
class Place:
    """How far an export is: in which section, under which of the hashes, behind what. JSON, no hash in it."""

    section: Section = "comments"
    number: int = 0
    after: Any = None


@dataclass(frozen=True)
class Found:
    """What one step of an export found; `place` is behind it."""

    place: Place
    comments: tuple[Comment, ...] = ()
    enquiries: tuple[Enquiry, ...] = ()
    deliveries: tuple[OutboxEntry, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    guard: tuple[GuardRecord, ...] = ()
    audit: tuple[Entry, ...] = ()

    @property
    def ids(self) -> list[str]:
        """Of what shows private fields, for the audit trail.

        Not of deliveries, which show none: their ids are made of the keyed hash, and would outlive it here.
        """
        return [comment.id for comment in self.comments] + [e.reference for e in self.enquiries]


@dataclass(frozen=True)
class Erased:
    """What one step of an erasure erased, and what it left because somebody is still to get it."""

    kind: Kind
    number: int
    kept: int = 0


class PeopleStore(CommentStore, EnquiryStore, Protocol):
    def comments_of(self, address_hmac: str, after: str | None) -> Iterator[Trace]: ...

    def enquiries_of(self, address_hmac: str, after: str | None) -> Iterator[Trace]: ...

    def deliveries_to(
        self, address_hmac: str, after: str | None, *, even_expired: bool = False
    ) -> Iterator[OutboxEntry]: ...

    def suppressions_of(self, hashes: Sequence[str]) -> list[Suppression]: ...

    def guard_records_of(self, hashes: Sequence[str]) -> list[GuardRecord]: ...

    def list_audit(self, limit: int, after: Any, at: datetime) -> tuple[list[Entry], Any]: ...

    def record_reading(self, act: Act) -> None: ...

    def erase_deliveries(self, delivery_ids: Sequence[str], act: Act) -> int: ...

    def erase_suppressions(self, hashes: Sequence[str], act: Act) -> int: ...

    def erase_guard_records(self, hashes: Sequence[str], act: Act) -> int: ...


def new_request(at: datetime) -> str:
    """Return the audit trail's subject for one export or one erasure."""
    return f"people/{ids.new_id('p', at)}"


def export(hashes: Sequence[str], place: Place, at: datetime, store: PeopleStore) -> Iterator[Found]:
    """Find all that is held, from `place` on; the end of it is the end of the steps.

    Nothing is noted here: who shows what was found notes it first. Raises Unavailable.
    """
    sections = list(_EXPORTERS)
    begun = sections.index(place.section) if place.section in _EXPORTERS else len(sections)
    for section in sections[begun:]:
        yield from _EXPORTERS[section](
            hashes, place if section == place.section else Place(section), at, store
        )


def erase(
    hashes: Sequence[str], subject: str, actor: str, now: Callable[[], datetime], store: PeopleStore
) -> Iterator[Erased]:
    """Erase all that is held; stopped midway, the next one goes on, for what is erased is not found again.

    `subject` is of `new_request`. What people wrote goes first: an order to mail about it then comes to
    nothing, so that no new delivery follows those that are deleted after it. Raises Unavailable.
    """
    store.record_reading(Act(subject, actor, "erase", now()))
    for address_hmac in hashes:
        for trace in store.comments_of(address_hmac, None):
            yield Erased("comments", _erase_one(comments.erase, trace.id, actor, now(), store))
        for trace in store.enquiries_of(address_hmac, None):
            yield Erased("enquiries", _erase_one(enquiries.erase, trace.id, actor, now(), store))
    for address_hmac in hashes:
        for batch in _batches(store.deliveries_to(address_hmac, None, even_expired=True)):
            going = [entry.id for entry in batch if not _waits_for_staff(entry)]
            act = Act(subject, actor, "erase_deliveries", now())
            yield Erased("deliveries", store.erase_deliveries(going, act), len(batch) - len(going))
    act = Act(subject, actor, "erase_suppressions", now())
    yield Erased("suppressions", store.erase_suppressions(hashes, act))
    act = Act(subject, actor, "erase_guard", now())
    yield Erased("guard", store.erase_guard_records(hashes, act))


def _erase_one(erase: Callable[..., None], item_id: str, actor: str, at: datetime, store: PeopleStore) -> int:
    """Return how many were erased: none where somebody else was quicker, or the index does not know yet."""
    try:
        erase(item_id, None, actor, at, store, even_expired=True)
    except NotFound:
        return 0
    return 1


def _waits_for_staff(entry: OutboxEntry) -> bool:
    """A mail to somebody who works here tells of somebody else, who waits: it is not lost on the way."""
    waits = entry.state in ("pending", "sending", "held") or (entry.state == "unknown" and not entry.resent)
    return entry.kind in STAFF_MAIL and waits


def _batches(entries: Iterator[OutboxEntry]) -> Iterator[list[OutboxEntry]]:
    while batch := list(islice(entries, _DELETED_AT_ONCE)):
        yield batch


def _export_comments(
    hashes: Sequence[str], place: Place, _at: datetime, store: PeopleStore
) -> Iterator[Found]:
    for here, trace in _walk(hashes, place, store.comments_of):
        comment = _find(store.get_comment, trace.id)
        yield Found(here, comments=(comment,) if comment else ())


def _export_enquiries(
    hashes: Sequence[str], place: Place, _at: datetime, store: PeopleStore
) -> Iterator[Found]:
    for here, trace in _walk(hashes, place, store.enquiries_of):
        enquiry = _find(store.get_enquiry, trace.id)
        yield Found(here, enquiries=(enquiry,) if enquiry else ())


def _find(get: Callable[[str], T], item_id: str) -> T | None:
    """None where it was erased meanwhile, or its time is up."""
    try:
        return get(item_id)
    except NotFound:
        return None


def _walk(
    hashes: Sequence[str], place: Place, find: Callable[[str, str | None], Iterator[Trace]]
) -> Iterator[tuple[Place, Trace]]:
    for number, address_hmac in enumerate(hashes):
        if number >= place.number:
            for trace in find(address_hmac, place.after if number == place.number else None):
                yield replace(place, number=number, after=trace.position), trace


def _export_deliveries(
    hashes: Sequence[str], place: Place, _at: datetime, store: PeopleStore
) -> Iterator[Found]:
    for number, address_hmac in enumerate(hashes):
        if number >= place.number:
            after = place.after if number == place.number else None
            for entry in store.deliveries_to(address_hmac, after):
                yield Found(replace(place, number=number, after=entry.id), deliveries=(entry,))


def _export_marks(hashes: Sequence[str], _place: Place, _at: datetime, store: PeopleStore) -> Iterator[Found]:
    suppressions, records = store.suppressions_of(hashes), store.guard_records_of(hashes)
    yield Found(Place("audit"), suppressions=tuple(suppressions), guard=tuple(records))


def _export_audit(hashes: Sequence[str], place: Place, at: datetime, store: PeopleStore) -> Iterator[Found]:
    """Who did something to what is held, or was shown it, be it in a list: newest first.

    Lists are chains of those who read them. So all entries since the person first wrote are looked through;
    the time for that grows with the trail, and is cut into steps.
    """
    since = _since_when(hashes, store)
    after, more = place.after, bool(since)
    while more:
        entries, after = store.list_audit(_LOOKED_THROUGH_AT_ONCE, after, at)
        more = after is not None and not (entries and entries[-1].act.at < min(since.values()))
        yield Found(
            Place("audit", 0, after) if more else Place("end"), audit=tuple(_concerning(since, entries))
        )


def _since_when(hashes: Sequence[str], store: PeopleStore) -> dict[str, datetime]:
    """The ids of all that is held, and since when it is."""
    since: dict[str, datetime] = {}
    for address_hmac in hashes:
        for find in (store.comments_of, store.enquiries_of):
            since |= {trace.id: trace.since for trace in find(address_hmac, None)}
        since |= {entry.id: entry.created_at for entry in store.deliveries_to(address_hmac, None)}
    return since


def _concerning(ids_held: Iterable[str], entries: list[Entry]) -> Iterator[Entry]:
    """Those that concern what is held; of what a list showed, what was others' is left out."""
    held = frozenset(ids_held)
    for entry in entries:
        own = tuple(read_id for read_id in entry.act.read_ids if read_id in held)
        if own or entry.act.subject in held:
            yield replace(entry, act=replace(entry.act, read_ids=own))


_EXPORTERS: dict[Section, Callable[[Sequence[str], Place, datetime, PeopleStore], Iterator[Found]]] = {
    "comments": _export_comments,
    "enquiries": _export_enquiries,
    "deliveries": _export_deliveries,
    "marks": _export_marks,
    "audit": _export_audit,
}
