"""Enquiries: what people ask of admissions. The storage seals what an enquirer wrote."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from chalicelib import ids
from chalicelib.audit import Act
from chalicelib.errors import (
    AlreadySubmitted,
    FieldProblem,
    IdempotencyKeyReused,
    IllegalTransition,
    InvalidFields,
    StaleRevision,
    Unavailable,
)
from chalicelib.judgement.reasons import Judgement, Priority, Reason
from chalicelib.judgement.repeats import make_mark
from chalicelib.outbox import Order, new_order
from chalicelib.submissions import Hashing, Identity, Visit, identify

EnquiryStatus = Literal["new", "in_progress", "closed", "spam"]
Channel = Literal["email", "call", "text", "voicemail"]

# In these somebody still waits for a reply.
_WAITING: tuple[EnquiryStatus, ...] = ("new", "in_progress")
# As often may an enquiry be changed while it is being erased.
_ATTEMPTS_TO_ERASE = 20
# An item of DynamoDB holds 400 KB, and a code point can take four bytes.
_MOST_NOTED = 50_000


@dataclass(frozen=True, repr=False)
class Letter:
    """What an enquirer wrote: private as a whole."""

    name: str
    email: str
    message: str
    phone: str | None
    contact_by: tuple[Channel, ...]
    page: str | None


@dataclass(frozen=True, repr=False)
class Note:
    """What a member of staff wrote about an enquiry: private as the letter is."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True)
class Enquiry:
    """An enquiry. Outside the letter there is nothing that an enquirer wrote."""

    reference: str
    topic: str
    status: EnquiryStatus
    priority: Priority
    reasons: tuple[Reason, ...]
    letter: Letter
    enquirer_hmac: str
    consent_version: str | None
    created_at: datetime
    request_hash: str
    assignee: str | None = None
    notes: tuple[Note, ...] = ()
    revision: int = 1
    # In which the enquirer is mailed.
    language: str = "en"
    # The comment that staff made it of; None where somebody sent it as an enquiry.
    comment_id: str | None = None
    # False where what was sealed cannot be opened: the message is then a notice of ours.
    readable: bool = True

    def waiting(self, at: datetime) -> timedelta | None:
        """How long the enquirer has waited for a reply by `at`; None where nobody waits any more."""
        return at - self.created_at if self.status in _WAITING else None

    def is_overdue(self, at: datetime, within: timedelta) -> bool:
        """Whether it should have had its first reply `within` that time, and still waits."""
        waited = self.waiting(at)
        return waited is not None and waited > within


@dataclass(frozen=True, repr=False)
class EnquiryChange:
    """What a member of staff wants changed. `assign` without an `assignee` takes it from whoever has it."""

    status: EnquiryStatus | None = None
    assign: bool = False
    assignee: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class ChangedEnquiry:
    """Everything that one change changes; it is stored in one transaction or not at all."""

    before: Enquiry
    after: Enquiry
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Receipt:
    """`first` is false where it had been accepted before, and nothing more was stored."""

    reference: str
    first: bool = True


class EnquiryStore(Protocol):
    def add_enquiry(self, enquiry: Enquiry, identity: Identity, order: Order, network: str) -> None: ...

    def is_same_enquiry(self, reference: str, request_hash: str) -> bool: ...

    def get_enquiry(self, reference: str, *, even_expired: bool = False) -> Enquiry: ...

    def record_change(self, changed: ChangedEnquiry) -> None: ...

    def erase_enquiry(self, enquiry: Enquiry, act: Act) -> None: ...


def submit_enquiry(
    letter: Letter,
    topic: str,
    consent_version: str | None,
    judgement: Judgement,
    visit: Visit,
    *,
    store: EnquiryStore,
    hashing: Hashing,
) -> Receipt:
    """Accept an enquiry; a replay's receipt has the first reference.

    The enquiry and the order to mail about it are committed together or not at all.
    Raises RateLimited, IdempotencyKeyReused or Unavailable.
    """
    body = {**vars(letter), "email": letter.email.lower(), "topic": topic}
    # Every field counts: who sends it again with a phone number added must not lose the number.
    identity = identify("enquiry", body, tuple(body), visit, hashing, _reference)
    enquiry = Enquiry(
        reference=identity.own,
        topic=topic,
        status="spam" if judgement.is_spam else "new",
        priority=judgement.priority,
        reasons=judgement.reasons,
        letter=letter,
        enquirer_hmac=hashing.address(letter.email),
        consent_version=consent_version,
        created_at=visit.at,
        request_hash=identity.request_hash,
        language=visit.language,
    )

    mark = make_mark("enquiry_submitted", enquiry.reference, letter.message, visit, hashing)
    order = new_order("enquiry_submitted", enquiry.reference, visit.at, mark)
    try:
        store.add_enquiry(enquiry, identity, order, visit.network)
    except AlreadySubmitted as first:
        if not store.is_same_enquiry(first.submission_id, identity.request_hash):
            raise IdempotencyKeyReused from None
        return Receipt(first.submission_id, first=False)
    return Receipt(enquiry.reference)


def change_enquiry(
    reference: str,
    change: EnquiryChange,
    revisions: set[int] | None,
    actor: str,
    at: datetime,
    store: EnquiryStore,
) -> Enquiry:
    """Carry out a change and return the enquiry at its new revision.

    `revisions` are those that the actor has seen, None for "whichever it is".
    Raises NotFound, StaleRevision, IllegalTransition, InvalidFields (too many notes) or Unavailable.
    """
    before = store.get_enquiry(reference)
    _check_revision(before, revisions)
    if change.status == before.status or not before.readable:
        # To change what cannot be read would put our notice in its place.
        raise IllegalTransition(before.status, change.status or before.status)
    after = replace(
        before,
        status=change.status or before.status,
        assignee=change.assignee if change.assign else before.assignee,
        notes=before.notes if change.note is None else (*before.notes, Note(at, actor, change.note)),
        revision=before.revision + 1,
    )
    if change.note is not None and sum(len(note.text) for note in after.notes) > _MOST_NOTED:
        raise InvalidFields([FieldProblem("note", "too_long", "The notes of this enquiry are full.")])
    store.record_change(ChangedEnquiry(before, after, _acts(before, change, actor, at)))
    return after


def erase(
    reference: str,
    revisions: set[int] | None,
    actor: str,
    at: datetime,
    store: EnquiryStore,
    *,
    even_expired: bool = False,
) -> None:
    """Erase an enquiry, with what staff noted about it.

    `revisions` and `even_expired` as for a comment. Raises NotFound, StaleRevision or Unavailable.
    """
    for _ in range(_ATTEMPTS_TO_ERASE):
        before = store.get_enquiry(reference, even_expired=even_expired)
        _check_revision(before, revisions)
        act = Act(before.reference, actor, "erase", at, before=before.status, after="erased")
        with suppress(StaleRevision):
            store.erase_enquiry(before, act)
            return
    raise Unavailable("TransactWriteItems")


def _check_revision(enquiry: Enquiry, revisions: set[int] | None) -> None:
    if revisions is not None and enquiry.revision not in revisions:
        raise StaleRevision


def _acts(before: Enquiry, change: EnquiryChange, actor: str, at: datetime) -> tuple[Act, ...]:
    acts = []
    if change.status:
        acts.append(Act(before.reference, actor, "decide", at, before=before.status, after=change.status))
    if change.assign:
        # To whom is not said: it is what somebody typed.
        acts.append(Act(before.reference, actor, "assign", at))
    if change.note is not None:
        acts.append(Act(before.reference, actor, "note", at))
    return tuple(acts)


def _reference(_slot_start: int, digest: bytes) -> str:
    # No time in it: a reference is said aloud, and when somebody wrote is nobody's business.
    return ids.reference(digest)
