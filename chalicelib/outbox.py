"""The outbox: what was promised to be mailed, written in the same transaction as the reason for it.

An *order* says that something happened ("a comment was submitted"). The mail function turns it into
*deliveries*, one for each address. Both are rows of the outbox, and the insertion of either sends its
id through the stream to the mail queue.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib import ids

OrderKind = Literal["comment_submitted", "enquiry_submitted", "comment_approved"]
State = Literal["pending", "sending", "sent", "delivered", "held", "failed", "unknown"]


@dataclass(frozen=True)
class Order:
    """An order to mail about the comment or enquiry `subject_id`."""

    id: str
    kind: OrderKind
    subject_id: str
    created_at: datetime


@dataclass(frozen=True)
class Delivery:
    """One mail to one address. `reason` says why it is held or failed."""

    id: str
    kind: OrderKind
    subject_id: str
    recipient: str
    created_at: datetime
    state: State = "pending"
    reason: str | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    message_id: str | None = None
    resent: bool = False


def new_order(kind: OrderKind, subject_id: str, at: datetime) -> Order:
    return Order(ids.new_id("o", at), kind, subject_id, at)
