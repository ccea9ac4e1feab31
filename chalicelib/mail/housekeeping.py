"""What must not be forgotten: rows of the outbox that should have moved on by themselves, and lessons."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.outbox import OrderKind, OutboxEntry, State
from chalicelib.storage.outbox import NotClaimed
from chalicelib.wiring import Desk

# One run's share; the next run goes on. Small enough to end well within the function's time-out.
_AT_ONCE = 200
_LATER: frozenset[OrderKind] = frozenset({"comment_digest", "urgent_waits"})
# While an id waits in the queue, another copy of it is of no use.
_BACK_OFF = timedelta(minutes=10)


def tidy(desk: Desk) -> dict[str, int]:
    """Return how many rows of each kind were moved on."""
    return {
        "lost_leases": _for_overdue("sending", _give_up_lease, desk),
        "resent": _for_overdue("unknown", _resend_once, desk),
        "resumed": _for_overdue("held", _resume, desk),
        "queued_again": _queue_again(desk),
        "lessons": _fold_lessons(desk),
    }


def find_ages(desk: Desk) -> dict[str, int]:
    """How many seconds what has waited longest has waited, by the metric's name; 0 where nothing waits.

    And for how many of them the oldest new enquiry is overdue, for an alarm cannot compute REPLY_HOURS.
    Raises Unavailable.
    """
    now = desk.now()
    asked_at = desk.store.enquiries.find_oldest_new()
    due_at = asked_at and asked_at + timedelta(hours=desk.settings.reply_hours)
    # A digest and a reminder are to wait: when they are due, they become mails at once.
    waiting = desk.store.outbox_entries.list_by_state(
        "pending", newest_first=False, limit=_AT_ONCE, after=None
    )
    mails = [row for row in waiting.entries if row.kind not in _LATER]
    return {
        "OldestPendingMailSeconds": _age(min((row.created_at for row in mails), default=None), now),
        "OldestPendingCommentSeconds": _age(desk.store.comments.find_oldest_pending(), now),
        "OldestNewEnquirySeconds": _age(asked_at, now),
        "NewEnquiryOverdueSeconds": _age(due_at, now),
    }


def _age(since: datetime | None, now: datetime) -> int:
    return 0 if since is None else max(0, int((now - since).total_seconds()))


def _for_overdue(state: State, act: Callable[[OutboxEntry, Desk], None], desk: Desk) -> int:
    moved = 0
    for row in desk.store.outbox_entries.list_overdue(state, desk.now(), _AT_ONCE):
        # Who moved it on meanwhile has done what was to be done.
        with suppress(NotClaimed):
            act(row, desk)
            moved += 1
    return moved


def _give_up_lease(row: OutboxEntry, desk: Desk) -> None:
    """Who held it died between claiming and settling: the mail may have gone out."""
    desk.store.outbox.mark_unknown(row.id, "lease_lost", resent=row.resent, at=desk.now())


def _resend_once(row: OutboxEntry, desk: Desk) -> None:
    desk.store.outbox.mark_resend(row.id, desk.now())


def _resume(row: OutboxEntry, desk: Desk) -> None:
    desk.store.outbox.mark(row.id, "held", "pending", None, desk.now())


def _queue_again(desk: Desk) -> int:
    now = desk.now()
    rows = desk.store.outbox_entries.list_overdue("pending", now + timedelta(seconds=1), _AT_ONCE)
    failed = desk.queue.send([row.id for row in rows])
    for row in rows:
        if row.id not in failed:
            desk.store.outbox.postpone(row.id, now + _BACK_OFF)
    return len(rows) - len(failed)


def _fold_lessons(desk: Desk) -> int:
    """Put what moderators' decisions taught into the model's counts."""
    folded = 0
    while folded < _AT_ONCE and (more := desk.store.get_model().fold(_AT_ONCE - folded)):
        folded += more
    return folded
