"""Where a site has declared it: Akismet is asked about each new comment, and may say one thing to moderators.

It decides nothing, and nothing depends on it: whatever goes wrong here is a line in the log.
"""

from typing import TYPE_CHECKING

from chalicelib.comments import Comment
from chalicelib.errors import NotFound, StaleRevision
from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import Order
from chalicelib.wiring import Desk

if TYPE_CHECKING:
    from chalicelib.mail.akismet import Akismet

_TAKEN_FOR_SPAM = Reason("akismet", "Akismet takes it for spam.")


def ask_akismet(order: Order, desk: Desk) -> None:
    """Ask about the comment of an order that has just become deliveries: no mail waits for the answer."""
    if desk.akismet is None or order.kind != "comment_submitted":
        return
    # Here, for all functions that mail is made in load this module; where it is asked it is loaded already.
    from chalicelib.mail.akismet import CannotAsk  # noqa: PLC0415

    try:
        _ask(order.subject_id, desk.akismet, desk)
    except (NotFound, StaleRevision):
        # Erased, or decided on, meanwhile: it is nobody's question any more.
        return
    except Exception as error:
        # Of one of ours the words, of any other the type: its words may quote what was written.
        reason = str(error) if isinstance(error, CannotAsk) else type(error).__name__
        desk.log.note("akismet_failed", {"id": order.subject_id, "reason": reason}, failed=True)


def _ask(comment_id: str, akismet: "Akismet", desk: Desk) -> None:
    comment = desk.store.comments.get(comment_id)
    if _may_be_sent(comment) and akismet.takes_for_spam(_fields(comment, desk)):
        desk.store.database.transact([desk.store.comments.add_reason(comment, _TAKEN_FOR_SPAM)])


def _may_be_sent(comment: Comment) -> bool:
    """That somebody may be in danger is told to no third party; and what is decided needs no opinion."""
    waits = comment.status == "pending" and comment.decided_at is None
    return waits and comment.priority != "urgent" and not comment.staff and comment.readable


def _fields(comment: Comment, desk: Desk) -> dict[str, str]:
    return {
        "comment_author": comment.name,
        "comment_author_email": comment.email,
        "comment_content": comment.original_text,
        "permalink": desk.sites.address(comment.page_id),
    }
