"""Handing a comment over to admissions: under an article somebody asked what only admissions can answer.

The comment stays what it is, and where it is: whether it is published is another decision. Admissions get
an enquiry with what was typed, and mail about it as about any. The author gets none: they asked for no
mail, and one from a treatment centre can be read by whoever shares their mailbox.
"""

from datetime import datetime
from typing import Protocol

from chalicelib import ids, outbox
from chalicelib.audit import Act
from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry, Letter
from chalicelib.errors import AlreadySubmitted, IllegalTransition
from chalicelib.outbox import Order
from chalicelib.submissions import Hashing


class HandoverStore(Protocol):
    def get_comment(self, comment_id: str) -> Comment: ...

    def add_handover(self, comment: Comment, enquiry: Enquiry, order: Order, act: Act) -> None: ...


def hand_over(
    comment_id: str, topic: str, actor: str, at: datetime, *, store: HandoverStore, hashing: Hashing
) -> str:
    """Make an enquiry of a comment and return its reference. Twice is once: the reference is the comment's.

    Raises NotFound, IllegalTransition (staff's own words, or what cannot be read) or Unavailable.
    """
    comment = store.get_comment(comment_id)
    if comment.staff or not comment.readable:
        raise IllegalTransition(comment.status, "handed over")
    enquiry = _make_enquiry(comment, topic, at, hashing)
    order = outbox.new_order("enquiry_submitted", enquiry.reference, at)
    act = Act(comment.id, actor, "hand_over", at, before=comment.status, after=comment.status)
    try:
        store.add_handover(comment, enquiry, order, act)
    except AlreadySubmitted as first:
        return first.submission_id
    return enquiry.reference


def _make_enquiry(comment: Comment, topic: str, at: datetime, hashing: Hashing) -> Enquiry:
    return Enquiry(
        reference=ids.reference(hashing.digest("reference of a comment", comment.id)),
        topic=topic,
        status="new",
        priority=comment.priority,
        reasons=comment.reasons,
        letter=Letter(comment.name, comment.email, comment.original_text, None, (), comment.page_id),
        enquirer_hmac=hashing.address(comment.email),
        consent_version=None,
        # From now on admissions can answer; how long the author has waited already, the comment tells.
        created_at=at,
        request_hash=hashing.digest("request of a comment", comment.id).hex(),
        language=comment.language,
        comment_id=comment.id,
    )
