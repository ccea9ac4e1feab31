"""The outbox: what was promised to be mailed, written in the same transaction as the reason for it.

An *order* says that something happened ("a comment was submitted"). The mail function turns it into
*deliveries*, one for each mail to each address. Both are rows of the outbox, and the insertion of either
sends its id through the stream to the mail queue.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from chalicelib import ids
from chalicelib.audit import Act
from chalicelib.errors import Forbidden, IllegalTransition
from chalicelib.staff_tokens import Actor, Role

OrderKind = Literal[
    "comment_submitted", "comment_digest", "comment_approved", "enquiry_submitted", "urgent_waits"
]
MailKind = Literal[
    "comment_submitted",
    "comment_digest",
    "enquiry_submitted",
    "urgent_submitted",
    "mail_bounced",
    "enquiry_received",
    "comment_published",
    "comment_answered",
]
State = Literal["pending", "sending", "sent", "delivered", "held", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
# What wants a person comes first.
STATES_BY_NEED: tuple[State, ...] = ("failed", "unknown", "held", "pending", "sending", "sent", "delivered")

# What goes to people who work here; everything else goes to a visitor.
STAFF_MAIL: frozenset[MailKind] = frozenset(
    {"comment_submitted", "comment_digest", "enquiry_submitted", "urgent_submitted", "mail_bounced"}
)
# Sent once about a subject, whichever order asks for it: approving twice publishes once.
ONCE: frozenset[MailKind] = frozenset({"comment_published", "comment_answered"})
# Somebody may be waiting for help: this mail goes first where SES's rate is short.
FIRST_MAIL: frozenset[MailKind] = frozenset({"enquiry_submitted", "urgent_submitted"})


_ABOUT_ENQUIRIES = frozenset({"enquiry_submitted", "enquiry_received"})
_URGENT = frozenset({"urgent_submitted", "urgent_waits"})


@dataclass(frozen=True)
class Order:
    """An order to mail about the comment or enquiry `subject_id`, not before `due_at`.

    `count` is, of a digest, how many comments it tells of; of a reminder, the how-manieth it is. By its
    `mark` a submission's is told from others (`chalicelib/judgement/repeats.py`).
    """

    id: str
    kind: OrderKind
    subject_id: str
    created_at: datetime
    due_at: datetime | None = None
    count: int = 0
    mark: str | None = None


@dataclass(frozen=True, repr=False)
class Delivery:
    """One mail to one address. `reason` says why it is held or failed."""

    id: str
    kind: MailKind
    subject_id: str
    recipient: str
    # By this it is found, and its address suppressed, where nobody may open the address.
    recipient_hmac: str
    created_at: datetime
    state: State = "pending"
    attempts: int = 0
    resent: bool = False
    count: int = 0

    def __repr__(self) -> str:
        return f"Delivery({self.id}, {self.state})"


@dataclass(frozen=True)
class OutboxEntry:
    """A row as staff and housekeeping see it: an order that waits, or a delivery without its address."""

    id: str
    kind: str
    subject_id: str
    state: State
    reason: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    resent: bool
    # None for an order: it has no address yet.
    recipient_hmac: str | None
    count: int = 0


def concerns(role: Role, entry: OutboxEntry) -> bool:
    """Whether the row concerns `role`: moderators those about comments, admissions those about enquiries.

    That a mail came back concerns everybody.
    """
    if role == "admin" or entry.kind == "mail_bounced":
        return True
    about_enquiry = entry.kind in _ABOUT_ENQUIRIES
    if entry.kind in _URGENT:
        about_enquiry = not ids.is_comment_id(entry.subject_id)
    return about_enquiry is (role == "admissions")


class OutboxStore(Protocol):
    def get_outbox_entry(self, outbox_id: str) -> OutboxEntry: ...

    def record_resend(self, entry: OutboxEntry, act: Act) -> None: ...


def new_order(kind: OrderKind, subject_id: str, at: datetime, mark: str | None = None) -> Order:
    return Order(ids.new_id("o", at), kind, subject_id, at, mark=mark)


def reminder(subject_id: str, count: int, at: datetime, wait: timedelta) -> Order:
    """The order to tell of an urgent subject again, unless somebody has opened it by then.

    Its id is a function of the subject and the count: made twice, it is one.
    """
    return Order(f"u{count:04d}-{subject_id}", "urgent_waits", subject_id, at, at + wait, count)


def digest(at: datetime, every: timedelta) -> Order:
    """The order to tell of all comments of a stretch of time at its end; one for each stretch."""
    seconds = int(every.total_seconds())
    start = int(at.timestamp()) // seconds * seconds
    end = datetime.fromtimestamp(start + seconds, at.tzinfo)
    digest_id = f"g{start}"
    return Order(digest_id, "comment_digest", digest_id, at, end)


def resend(delivery_id: str, actor: Actor, at: datetime, store: OutboxStore) -> OutboxEntry:
    """Send a mail again that staff say should be: whatever came of it, unless it is under way.

    Raises NotFound, Forbidden, IllegalTransition or Unavailable.
    """
    entry = store.get_outbox_entry(delivery_id)
    if not concerns(actor.role, entry):
        raise Forbidden(actor.role)
    if entry.recipient_hmac is None or entry.state in ("pending", "sending"):
        raise IllegalTransition(entry.state, "pending")
    store.record_resend(entry, Act(entry.id, actor.id, "resend", at, before=entry.state, after="pending"))
    return store.get_outbox_entry(delivery_id)
