"""What is counted of what visitors send and staff decide: how many, never who, where or what.

Only what was really stored counts: an answer that is a replay's counts nothing. Each metric, and what it
is for: docs/operate.md.
"""

from chalicelib.comments import Status
from chalicelib.enquiries import EnquiryStatus
from chalicelib.event_log import EventLog
from chalicelib.judgement.reasons import Judgement

# Taken back to `pending`, or redacted, is not decided.
_DECIDED: dict[Status, str] = {
    "approved": "CommentsApproved",
    "rejected": "CommentsRejected",
    "spam": "CommentsMarkedSpam",
}


def count_comment(judgement: Judgement, log: EventLog, *, published: bool) -> None:
    """A comment that a visitor sent; `published` where it is on the page at once."""
    log.count("CommentsSubmitted")
    if judgement.is_spam:
        log.count("CommentsSpam")
    elif not published:
        log.count("CommentsHeld")
    if judgement.priority == "urgent":
        log.count("CommentsUrgent")


def count_enquiry(judgement: Judgement, log: EventLog) -> None:
    log.count("EnquiriesSubmitted")
    if judgement.is_spam:
        log.count("EnquiriesSpam")
    if judgement.priority == "urgent":
        log.count("EnquiriesUrgent")


def count_decision(status: Status | None, log: EventLog) -> None:
    """A moderator's decision; None where the text alone was changed."""
    if status in _DECIDED:
        log.count(_DECIDED[status])


def count_enquiry_change(status: EnquiryStatus | None, log: EventLog) -> None:
    if status == "closed":
        log.count("EnquiriesClosed")
