"""A page's thread, as staff have a hand in it: public answers of theirs, and closing the thread."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib import ids, outbox
from chalicelib.audit import Act
from chalicelib.comments import Comment
from chalicelib.errors import AlreadySubmitted, IdempotencyKeyReused
from chalicelib.outbox import Order
from chalicelib.submissions import Hashing, Identity, Visit, identify


@dataclass(frozen=True)
class PageThread:
    """How many comments a page shows, and whether its thread is closed: then visitors add none."""

    page_id: str
    count: int
    closed: bool


class ThreadStore(Protocol):
    def get_comment(self, comment_id: str) -> Comment: ...

    def add_reply(self, reply: Comment, identity: Identity, order: Order, act: Act) -> None: ...

    def get_page(self, page_id: str) -> PageThread: ...

    def set_page_closed(self, page_id: str, closed: bool, act: Act) -> None: ...


def reply(
    parent_id: str,
    name: str,
    message: str,
    visit: Visit,
    actor: str,
    *,
    store: ThreadStore,
    hashing: Hashing,
) -> Comment:
    """Answer a published comment in public, as staff; return the answer, which is published at once.

    A replay, of the same member of staff, returns the first answer as it is now. A closed page takes it:
    closing is for visitors. Raises NotFound, ParentNotPublished, IdempotencyKeyReused or Unavailable.
    """
    parent = store.get_comment(parent_id)
    body: dict[str, object] = {"actor": actor, "parent_id": parent.id, "name": name, "message": message}
    # A key is its sender's own: two members of staff may well think of the same.
    key = visit.idempotency_key and f"{actor} {visit.idempotency_key}"
    identity = identify(
        "reply", body, tuple(body), replace(visit, idempotency_key=key), hashing, ids.comment_id
    )
    answer = _make_answer(parent, name, message, identity, actor, visit.at)
    act = Act(answer.id, actor, "reply", visit.at, after="approved")
    try:
        store.add_reply(answer, identity, outbox.new_order("comment_approved", answer.id, visit.at), act)
    except AlreadySubmitted as first:
        known = store.get_comment(first.submission_id)
        if known.request_hash != identity.request_hash:
            raise IdempotencyKeyReused from None
        return known
    return answer


def _make_answer(
    parent: Comment, name: str, message: str, identity: Identity, actor: str, at: datetime
) -> Comment:
    return Comment(
        id=identity.own,
        page_id=parent.page_id,
        parent_id=parent.id,
        name=name,
        email="",
        author_hmac=None,
        original_text=message,
        text=message,
        notify=False,
        status="approved",
        priority="normal",
        reasons=(),
        created_at=at,
        request_hash=identity.request_hash,
        decided_at=at,
        decided_by=actor,
        staff=True,
    )


def set_closed(page_id: str, closed: bool, actor: str, at: datetime, store: ThreadStore) -> PageThread:
    """Close a page's thread, or open it again. To what it is already: nothing is changed, nor noted."""
    thread = store.get_page(page_id)
    if thread.closed == closed:
        return thread
    words = ("open", "closed") if closed else ("closed", "open")
    act = Act(f"pages/{page_id}", actor, "close" if closed else "open", at, before=words[0], after=words[1])
    store.set_page_closed(page_id, closed, act)
    return replace(thread, closed=closed)
