"""Comments: from what a visitor typed to what a page shows.

Nothing shows before a moderator says so, but where a site trusts authors who were approved before.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from chalicelib import ids, outbox
from chalicelib.audit import Act
from chalicelib.errors import (
    AlreadySubmitted,
    IdempotencyKeyReused,
    IllegalTransition,
    NotTrusted,
    StaleRevision,
    Unavailable,
)
from chalicelib.html_gate import to_html
from chalicelib.judgement.reasons import Judgement, Priority, Reason
from chalicelib.judgement.repeats import make_mark
from chalicelib.judgement.taught import Label, Taught
from chalicelib.outbox import Order
from chalicelib.submissions import Hashing, Identity, Visit, identify
from chalicelib.times import to_text

Status = Literal["pending", "approved", "rejected", "spam"]

# The contract's rule for what is one comment when no Idempotency-Key says so.
_SAME_BY = ("name", "email", "page_id", "message")
# In the audit trail, and as who decided.
TRUST_RULE = "rule:trusted_author"
# As often may a comment be decided on or answered while it is being erased.
_ATTEMPTS_TO_ERASE = 20


@dataclass(frozen=True, repr=False)
class Draft:
    """What a visitor typed, normalised and checked field by field."""

    page_id: str
    parent_id: str | None
    name: str
    email: str
    message: str
    notify: bool


@dataclass(frozen=True, repr=False)
class Comment:
    """A comment. `original_text` is what was typed; `text` is what is shown once it is approved.

    One that staff wrote has no email, and so no `author_hmac`.
    """

    id: str
    page_id: str
    parent_id: str | None
    name: str
    email: str
    author_hmac: str | None
    original_text: str
    text: str
    notify: bool
    status: Status
    priority: Priority
    reasons: tuple[Reason, ...]
    created_at: datetime
    request_hash: str
    decided_at: datetime | None = None
    decided_by: str | None = None
    staff: bool = False
    revision: int = 1
    # In which the author is mailed.
    language: str = "en"
    # How many answers to it the page shows.
    answers: int = 0
    # Under which it counts for its author while it is approved; None where it counts for nobody.
    trust_key: str | None = None
    # False where what was sealed cannot be opened: the texts are then a notice of ours.
    readable: bool = True
    # What the classifier has learnt from it, as it is stored.
    taught: Taught | None = None

    def __repr__(self) -> str:
        # Tracebacks and debuggers print this: the id, and nothing that anybody wrote.
        return f"Comment({self.id}, {self.status})"

    @property
    def teaches(self) -> Label | None:
        """What the classifier is to learn: what a moderator decided, no rule, on what a visitor wrote."""
        if self.decided_by in (None, TRUST_RULE) or self.staff:
            return None
        return self.status if self.status in ("approved", "spam") else None

    def public_json(self) -> str:
        """Return the comment as the public list shows it: exactly these fields."""
        return _public_json(
            self.id, self.parent_id, self.name, self.text, to_text(self.created_at), staff=self.staff
        )


def stub_json(comment_id: str, parent_id: str | None, created_at: str) -> str:
    """What the public list shows of an erased comment while it has answers: where it stood, and no word."""
    return _public_json(comment_id, parent_id, "", "", created_at, staff=False)


def _public_json(
    comment_id: str, parent_id: str | None, name: str, text: str, created_at: str, *, staff: bool
) -> str:
    shown = {
        "id": comment_id,
        "parent_id": parent_id,
        "name": name,
        "text": text,
        "html": to_html(text),
        "created_at": created_at,
        "staff": staff,
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Decision:
    """What a moderator wants: another status, another text to show, or both."""

    status: Status | None = None
    text: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class DecidedComment:
    """Everything that one decision changes; it is stored in one transaction or not at all."""

    before: Comment
    after: Comment
    act: Act
    orders: list[Order] = field(default_factory=list)


@dataclass(frozen=True)
class Receipt:
    """What became of a submission. `published` is the public JSON of what was published at once.

    `first` is false where it had been accepted before, and nothing more was stored.
    """

    id: str
    published: str | None = None
    first: bool = True


class CommentStore(Protocol):
    def add_comment(self, comment: Comment, identity: Identity, order: Order, network: str) -> None: ...

    def is_same_comment(self, comment_id: str, request_hash: str) -> bool: ...

    def is_trusted(self, order: Order, trust_key: str, enough: int) -> bool: ...

    def publish_at_once(
        self, decided: DecidedComment, identity: Identity, network: str, enough: int
    ) -> None: ...

    def find_published_at_once(self, comment_id: str, page_id: str, since: datetime) -> str | None: ...

    def get_comment(self, comment_id: str, *, even_expired: bool = False) -> Comment: ...

    def record_decision(self, decided: DecidedComment) -> None: ...

    def erase_comment(self, comment: Comment, act: Act) -> None: ...


def submit_comment(
    draft: Draft,
    judgement: Judgement,
    visit: Visit,
    *,
    store: CommentStore,
    hashing: Hashing,
    trust_after: int | None = None,
) -> Receipt:
    """Accept a comment and hold it for a moderator; a replay returns the first receipt.

    It is published at once where nothing was found about it and `trust_after` of its author's are approved.
    The comment and the order to mail about it are committed together or not at all.
    Raises PageClosed, ParentNotPublished, RateLimited, IdempotencyKeyReused or Unavailable.
    """
    identity = identify(
        "comment",
        {**vars(draft), "email": draft.email.lower()},
        _SAME_BY,
        visit,
        hashing,
        ids.comment_id,
    )
    comment = Comment(
        id=identity.own,
        page_id=draft.page_id,
        parent_id=draft.parent_id,
        name=draft.name,
        email=draft.email,
        author_hmac=hashing.address(draft.email),
        original_text=draft.message,
        text=draft.message,
        notify=draft.notify,
        status="spam" if judgement.is_spam else "pending",
        priority=judgement.priority,
        reasons=judgement.reasons,
        created_at=visit.at,
        request_hash=identity.request_hash,
        language=visit.language,
        trust_key=None if trust_after is None else make_trust_key(draft.name, draft.email, hashing),
    )

    mark = make_mark("comment_submitted", comment.id, draft.message, visit, hashing)
    order = outbox.new_order("comment_submitted", comment.id, visit.at, mark)
    try:
        if trust_after is not None:
            published = _publish_at_once(comment, identity, order, visit.network, trust_after, store)
            if published is not None:
                return Receipt(comment.id, published)
        store.add_comment(comment, identity, order, visit.network)
    except AlreadySubmitted as first:
        if not store.is_same_comment(first.submission_id, identity.request_hash):
            raise IdempotencyKeyReused from None
        if trust_after is None:
            return Receipt(first.submission_id, first=False)
        since = identity.window_start
        shown = store.find_published_at_once(first.submission_id, comment.page_id, since)
        return Receipt(first.submission_id, shown, first=False)
    return Receipt(comment.id)


def make_trust_key(name: str, email: str, hashing: Hashing) -> str:
    """An author is an address with a name: who knows the one and not the other is somebody else.

    Neither is verified: who knows both is taken for the author (docs/security.md).
    """
    author = [email.lower(), " ".join(name.casefold().split())]
    return hashing.digest("trust", json.dumps(author)).hex()


def _publish_at_once(
    comment: Comment, identity: Identity, order: Order, network: str, enough: int, store: CommentStore
) -> str | None:
    """Publish the comment and return its public JSON, or None where it is for a moderator to decide on."""
    # Asked of every comment: else the time that it takes would tell what is taken for spam.
    trusted = store.is_trusted(order, str(comment.trust_key), enough)
    if not trusted or comment.status != "pending" or comment.reasons or comment.priority != "normal":
        return None
    after = replace(comment, status="approved", decided_at=comment.created_at, decided_by=TRUST_RULE)
    decided = _decided(comment, after, Decision("approved"), TRUST_RULE, comment.created_at)
    # Moderators are told of it as of any other, and can withdraw it.
    decided = replace(decided, orders=[order, *decided.orders])
    try:
        store.publish_at_once(decided, identity, network, enough)
    except NotTrusted:
        return None
    return after.public_json()


def decide(
    comment_id: str,
    decision: Decision,
    revisions: set[int] | None,
    actor: str,
    at: datetime,
    store: CommentStore,
) -> Comment:
    """Carry out a moderator's decision and return the comment at its new revision.

    `revisions` are those that the moderator has seen, None for "whichever it is".
    Raises NotFound, StaleRevision, IllegalTransition or Unavailable.
    """
    before = store.get_comment(comment_id)
    _check_revision(before, revisions)
    if decision.status == before.status or not before.readable:
        # What cannot be read cannot be decided on; storing it would put our notice in its place.
        raise IllegalTransition(before.status, decision.status or before.status)
    after = replace(
        before,
        status=decision.status or before.status,
        text=before.text if decision.text is None else decision.text,
        revision=before.revision + 1,
    )
    if decision.status == "pending":
        after = replace(after, decided_at=None, decided_by=None)
    elif decision.status:
        # A redaction alone is not a decision: who decided, and when, stays.
        after = replace(after, decided_at=at, decided_by=actor)
    store.record_decision(_decided(before, after, decision, actor, at))
    return after


def erase(
    comment_id: str,
    revisions: set[int] | None,
    actor: str,
    at: datetime,
    store: CommentStore,
    *,
    even_expired: bool = False,
) -> None:
    """Erase a comment: nothing stays of what was written, nor of who wrote it.

    `revisions` as for `decide`; `even_expired` also takes what is only waiting to be deleted.
    Raises NotFound, StaleRevision or Unavailable.
    """
    for _ in range(_ATTEMPTS_TO_ERASE):
        before = store.get_comment(comment_id, even_expired=even_expired)
        _check_revision(before, revisions)
        act = Act(before.id, actor, "erase", at, before=before.status, after="erased")
        # Decided on, or answered, since it was read: whether a stub must stay is another question now.
        with suppress(StaleRevision):
            store.erase_comment(before, act)
            return
    raise Unavailable("TransactWriteItems")


def _check_revision(comment: Comment, revisions: set[int] | None) -> None:
    if revisions is not None and comment.revision not in revisions:
        raise StaleRevision


def _decided(before: Comment, after: Comment, decision: Decision, actor: str, at: datetime) -> DecidedComment:
    act = Act(
        before.id,
        actor,
        "decide" if decision.status else "redact",
        at,
        before=before.status,
        after=after.status,
        reason=decision.reason,
    )
    published = after.status == "approved" and before.status != "approved"
    orders = [outbox.new_order("comment_approved", after.id, at)] if published else []
    return DecidedComment(before, after, act, orders)
