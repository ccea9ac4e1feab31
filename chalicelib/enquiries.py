"""Enquiries: what people ask of admissions. The storage seals what an enquirer wrote."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, Protocol

from chalicelib import ids, outbox
from chalicelib.errors import AlreadySubmitted, IdempotencyKeyReused
from chalicelib.judgement import Reason, is_spam
from chalicelib.outbox import Order
from chalicelib.submissions import Hashing, Identity, Visit, identify

EnquiryStatus = Literal["new", "in_progress", "closed", "spam"]
Channel = Literal["email", "call", "text", "voicemail"]


@dataclass(frozen=True, repr=False)
class Letter:
    """What an enquirer wrote: private as a whole."""

    name: str
    email: str
    message: str
    phone: str | None
    contact_by: tuple[Channel, ...]
    page: str | None


@dataclass(frozen=True)
class Enquiry:
    """An enquiry. Outside the letter there is nothing that an enquirer wrote."""

    reference: str
    topic: str
    status: EnquiryStatus
    priority: Literal["normal", "urgent"]
    reasons: tuple[Reason, ...]
    letter: Letter
    enquirer_hmac: str
    consent_version: str | None
    created_at: datetime
    request_hash: str
    assignee: str | None = None
    revision: int = 1
    # In which the enquirer is mailed.
    language: str = "en"


class EnquiryStore(Protocol):
    def add_enquiry(self, enquiry: Enquiry, identity: Identity, order: Order, network: str) -> None: ...

    def is_same_enquiry(self, reference: str, request_hash: str) -> bool: ...


def submit_enquiry(
    letter: Letter,
    topic: str,
    consent_version: str | None,
    reasons: tuple[Reason, ...],
    visit: Visit,
    *,
    store: EnquiryStore,
    hashing: Hashing,
) -> str:
    """Accept an enquiry and return its reference; a replay returns the first reference.

    The enquiry and the order to mail about it are committed together or not at all.
    Raises RateLimited, IdempotencyKeyReused or Unavailable.
    """
    body = {**asdict(letter), "email": letter.email.casefold(), "topic": topic}
    # Every field counts: who sends it again with a phone number added must not lose the number.
    identity = identify("enquiry", body, tuple(body), visit, hashing, _reference)
    enquiry = Enquiry(
        reference=identity.own,
        topic=topic,
        status="spam" if is_spam(reasons) else "new",
        priority="normal",
        reasons=reasons,
        letter=letter,
        enquirer_hmac=hashing.address(letter.email),
        consent_version=consent_version,
        created_at=visit.at,
        request_hash=identity.request_hash,
        language=visit.language,
    )
    order = outbox.new_order("enquiry_submitted", enquiry.reference, visit.at)
    try:
        store.add_enquiry(enquiry, identity, order, visit.network)
    except AlreadySubmitted as first:
        if not store.is_same_enquiry(first.submission_id, identity.request_hash):
            raise IdempotencyKeyReused from None
        return first.submission_id
    return enquiry.reference


def _reference(_slot_start: int, digest: bytes) -> str:
    # No time in it: a reference is said aloud, and when somebody wrote is nobody's business.
    return ids.reference(digest)
