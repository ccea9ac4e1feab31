"""Who is mailed what: asked when an order becomes deliveries, and again before each mail is sent.

Asked again, because who can put a row into the outbox must not be able to have mail sent to an address of
theirs, and because the subject, the settings or a suppression may have changed since.
"""

from collections.abc import Callable, Iterable

from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry
from chalicelib.errors import NotFound
from chalicelib.outbox import MailKind, Order
from chalicelib.wiring import Desk

# What SES says of an address. Who unsubscribes says it of one kind of mail.
_UNREACHED = {"bounce", "complaint"}


def mails_of(order: Order, desk: Desk) -> list[tuple[MailKind, str]]:
    """Return each mail that `order` is to become: of which kind, to which address."""
    return [(kind, to) for kind in _kinds_of(order) for to in find_recipients(kind, order.subject_id, desk)]


def find_recipients(kind: MailKind, subject_id: str, desk: Desk) -> list[str]:
    """Return the addresses to mail; none where nobody needs to know, or the subject is gone."""
    try:
        return _FINDERS[kind](subject_id, desk)
    except NotFound:
        return []


def is_urgent(subject_id: str, desk: Desk) -> bool:
    """Whether the comment or enquiry is urgent, and still waits for somebody."""
    try:
        return _waits_urgently(find_subject(subject_id, desk))
    except NotFound:
        return False


def waits_unopened(subject_id: str, desk: Desk) -> bool:
    """Whether nobody has looked at what waits: no act of anybody's is on its audit trail."""
    return is_urgent(subject_id, desk) and desk.store.audit.find_last(subject_id) is None


def _kinds_of(order: Order) -> tuple[MailKind, ...]:
    match order.kind:
        case "comment_submitted":
            return ("comment_submitted", "urgent_submitted")
        case "comment_digest":
            # The first of its stretch of time was mailed at once: it may have stayed the only one.
            return ("comment_digest",) if order.count else ()
        case "enquiry_submitted":
            return ("enquiry_submitted", "urgent_submitted", "enquiry_received")
        case "comment_approved":
            return ("comment_published", "comment_answered")
        case "urgent_waits":
            return ("urgent_submitted",)


def _of_comment(comment_id: str, desk: Desk) -> list[str]:
    # Spam waits for nobody.
    waits = desk.store.comments.get(comment_id).status != "spam"
    return _staff(desk.settings.moderators, desk) if waits else []


def _of_digest(_digest_id: str, desk: Desk) -> list[str]:
    return _staff(desk.settings.moderators, desk)


def _of_enquiry(reference: str, desk: Desk) -> list[str]:
    enquiry = desk.store.enquiries.get(reference)
    return _staff(_desk_of(enquiry, desk), desk) if enquiry.status != "spam" else []


def _of_urgent(subject_id: str, desk: Desk) -> list[str]:
    subject = find_subject(subject_id, desk)
    if not _waits_urgently(subject):
        return []
    if desk.settings.on_call:
        return _staff(desk.settings.on_call, desk)
    moderators = desk.settings.moderators
    return _staff(moderators if isinstance(subject, Comment) else _desk_of(subject, desk), desk)


def _of_bounced(_delivery_id: str, desk: Desk) -> list[str]:
    return [desk.settings.mail_fallback] if desk.settings.mail_fallback else []


def _of_received(reference: str, desk: Desk) -> list[str]:
    enquiry = desk.store.enquiries.get(reference)
    letter = enquiry.letter
    # Where somebody says how they may be reached, and does not say by mail, a mail can do them harm.
    safe = not letter.contact_by or "email" in letter.contact_by
    # Who wrote a comment, which staff handed over, asked for no mail.
    sent_it = enquiry.comment_id is None
    wanted = desk.settings.acknowledge_enquiries and enquiry.status != "spam" and sent_it
    return _visitor(letter.email, desk) if wanted and safe else []


def _of_published(comment_id: str, desk: Desk) -> list[str]:
    return _author_who_asked(desk.store.comments.get(comment_id), desk)


def _of_answered(answer_id: str, desk: Desk) -> list[str]:
    answer = desk.store.comments.get(answer_id)
    if answer.status != "approved" or answer.parent_id is None:
        return []
    parent = desk.store.comments.get(answer.parent_id)
    # Who answers themselves knows.
    return _author_who_asked(parent, desk) if parent.author_hmac != answer.author_hmac else []


_FINDERS: dict[MailKind, Callable[[str, Desk], list[str]]] = {
    "comment_submitted": _of_comment,
    "comment_digest": _of_digest,
    "enquiry_submitted": _of_enquiry,
    "urgent_submitted": _of_urgent,
    "mail_bounced": _of_bounced,
    "enquiry_received": _of_received,
    "comment_published": _of_published,
    "comment_answered": _of_answered,
}


def _desk_of(enquiry: Enquiry, desk: Desk) -> tuple[str, ...]:
    topics = desk.settings.topics
    # A topic that has been removed from the settings since: admissions see to it.
    return topics.get(enquiry.topic, topics["admissions"])


def _author_who_asked(comment: Comment, desk: Desk) -> list[str]:
    asked = comment.notify and comment.status == "approved" and not comment.staff
    return _visitor(comment.email, desk, unsubscribable=True) if asked else []


def _waits_urgently(subject: Comment | Enquiry) -> bool:
    return subject.priority == "urgent" and subject.status in ("pending", "new")


def find_subject(subject_id: str, desk: Desk) -> Comment | Enquiry:
    """Raises NotFound. A comment's id begins with a small letter, a reference has none."""
    if subject_id.startswith("c"):
        return desk.store.comments.get(subject_id)
    return desk.store.enquiries.get(subject_id)


def _visitor(address: str, desk: Desk, *, unsubscribable: bool = False) -> list[str]:
    """Nothing to whom mail does not reach, or who asked for no more; nor where it cannot be read."""
    stopping = {*_UNREACHED, "unsubscribed"} if unsubscribable else _UNREACHED
    return [address] if address and not _suppressed([address], stopping, desk) else []


def _staff(addresses: Iterable[str], desk: Desk) -> list[str]:
    """The addresses of staff; the second address stands in for each that mail does not reach."""
    wanted = list(dict.fromkeys(addresses))
    fallback = desk.settings.mail_fallback
    suppressed = _suppressed(wanted, _UNREACHED, desk) if fallback else set()
    return list(dict.fromkeys(fallback if a in suppressed and fallback else a for a in wanted))


def _suppressed(addresses: list[str], causes: set[str], desk: Desk) -> set[str]:
    # Under every secret: what was suppressed before a rotation stays so, for its address is not kept.
    hashes = {hasher.address(a): a for hasher in desk.hasher.every() for a in addresses}
    found = desk.store.suppressions.find_many(hashes)
    return {hashes[each.address_hmac] for each in found if each.cause in causes}
