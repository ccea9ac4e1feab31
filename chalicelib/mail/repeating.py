"""Whether a submission's form or text came before: found behind its answer, and told to staff as a reason.

It decides nothing, and no mail depends on it: whatever goes wrong here is a line in the log.
"""

from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry
from chalicelib.errors import NotFound, StaleRevision
from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.repeats import reason_of
from chalicelib.mail.recipients import find_subject
from chalicelib.outbox import Order
from chalicelib.wiring import Desk


def note_repeat(order: Order, desk: Desk) -> None:
    """Give the order's subject a reason where another one had its mark first; doing it twice is as once.

    To be called before the order becomes deliveries: an order that comes again, for a run ended in between,
    then comes here again too.
    """
    reason = reason_of(order.mark) if order.mark else None
    if order.mark is None or reason is None:
        return
    try:
        # First: of what was erased meanwhile nothing is put down any more.
        subject = find_subject(order.subject_id, desk)
        if not desk.store.guard.is_first(order.mark, order.subject_id, desk.now()):
            _tell(subject, reason, desk)
    except (NotFound, StaleRevision):
        # Erased, or in somebody's hands, meanwhile: they need no opinion.
        return
    except Exception as error:
        # The type alone: an error's words may quote what was written.
        facts = {"id": order.subject_id, "error": type(error).__name__}
        desk.log.note("repeat_failed", facts, failed=True)


def _tell(subject: Comment | Enquiry, reason: Reason, desk: Desk) -> None:
    # Whatever staff do raises the revision. What cannot be read would get our notice in its place.
    if subject.revision > 1 or not subject.readable or reason in subject.reasons:
        return
    if isinstance(subject, Comment):
        adding = desk.store.comments.add_reason(subject, reason)
    else:
        adding = desk.store.enquiries.add_reason(subject, reason)
    desk.store.database.transact([adding])
