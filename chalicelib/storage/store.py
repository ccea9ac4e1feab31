"""What is stored together: the transactions that span tables. One round trip each, all or nothing."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.audit import Act, Entry, chain
from chalicelib.comments import Comment, DecidedComment
from chalicelib.enquiries import ChangedEnquiry, Enquiry
from chalicelib.errors import (
    FrontdeskError,
    IdempotencyKeyReused,
    IllegalTransition,
    NotFound,
    WrongFunction,
)
from chalicelib.judgement.taught import Taught
from chalicelib.outbox import Order, OutboxEntry
from chalicelib.people import GuardRecord, Suppression, Trace
from chalicelib.staff_tokens import StaffToken
from chalicelib.storage.approvals import Approvals
from chalicelib.storage.audit import AuditTable
from chalicelib.storage.audited import Audited
from chalicelib.storage.buckets import Missed
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.deliveries import Deliveries
from chalicelib.storage.dynamodb import Database, Write
from chalicelib.storage.enquiries import EnquiriesTable
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import NotClaimed, OutboxTable
from chalicelib.storage.outbox_entries import OutboxEntries
from chalicelib.storage.pages import AlreadySo, PagesTable
from chalicelib.storage.staff import StaffTable
from chalicelib.storage.stubs import Stubs
from chalicelib.storage.suppressions import SuppressionsTable
from chalicelib.storage.threads import Threads
from chalicelib.submissions import Identity
from chalicelib.threads import PageThread

if TYPE_CHECKING:
    from chalicelib.judgement.learning import Model
    from chalicelib.storage.model import ModelTable


@dataclass(frozen=True)
class Store:
    database: Database
    comments: CommentsTable
    threads: Threads
    stubs: Stubs
    approvals: Approvals
    enquiries: EnquiriesTable
    outbox: OutboxTable
    outbox_entries: OutboxEntries
    pages: PagesTable
    guard: GuardTable
    staff: StaffTable
    audit: AuditTable
    audited: Audited
    suppressions: SuppressionsTable
    deliveries: Deliveries
    # None in the functions that neither decide nor keep house: they never load it.
    model: "ModelTable | None"

    def add_comment(self, comment: Comment, identity: Identity, order: Order, network: str) -> None:
        """Raises AlreadySubmitted, PageClosed, ParentNotPublished, RateLimited or Unavailable.

        In that order: a replay gets its first answer even if the page has been closed since, and at any rate.
        """
        writes = [self.comments.put_new(comment)]
        writes += [self.comments.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.pages.check_open(comment.page_id))
        if comment.parent_id is not None:
            writes.append(self.threads.check_parent(comment.parent_id, comment.page_id))
        writes.append(self.outbox.put_order(order))
        self._transact_in_turn(writes, network, comment.created_at)

    def add_enquiry(self, enquiry: Enquiry, identity: Identity, order: Order, network: str) -> None:
        """Raises AlreadySubmitted, RateLimited or Unavailable."""
        writes = [self.enquiries.put_new(enquiry)]
        writes += [self.enquiries.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.outbox.put_order(order))
        self._transact_in_turn(writes, network, enquiry.created_at)

    def publish_at_once(self, decided: DecidedComment, identity: Identity, network: str, enough: int) -> None:
        """Store a comment as approved, with all that a decision changes, where its author has `enough` so.

        Raises as `add_comment`, and NotTrusted behind ParentNotPublished.
        """
        comment = decided.after
        writes = [self.comments.put_new(comment)]
        writes += [self.comments.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.pages.count_if_open(comment.page_id))
        if comment.parent_id is not None:
            writes.append(self.stubs.answer(comment.parent_id, comment.page_id))
        writes.append(self.approvals.add(str(comment.trust_key), enough))
        # Not when the mail function comes to it: until then one form would publish again and again.
        [order, *_] = decided.orders
        writes.append(self.guard.make_first(str(order.mark), comment.id, comment.created_at))
        writes += self.threads.move_edges(comment.page_id, 1)
        writes += [self.outbox.put_order(order) for order in decided.orders]
        # The first of its chain: there is nothing to read first.
        writes.append(Write(self.audit.put(chain(decided.act, None)).action))
        self._transact_in_turn(writes, network, comment.created_at)

    def is_trusted(self, order: Order, trust_key: str, enough: int) -> bool:
        """Whether the author has `enough` approved comments, and nobody else came of the same form before.

        Both in one question, whatever was found: so neither costs a round trip that could be measured.
        """
        first = self.guard.check_first(str(order.mark), order.subject_id)
        return self._all_hold(self.approvals.check(trust_key, enough), first)

    def find_published_at_once(self, comment_id: str, page_id: str, since: datetime) -> str | None:
        """The public JSON of what was published at once; None if it was not, or a moderator decided since."""
        if not self._all_hold(self.approvals.check_published_at_once(comment_id)):
            return None
        return self.approvals.find_shown(comment_id, page_id, since)

    def is_same_comment(self, comment_id: str, request_hash: str) -> bool:
        return self._all_hold(self.comments.check_request(comment_id, request_hash, IdempotencyKeyReused()))

    def is_same_enquiry(self, reference: str, request_hash: str) -> bool:
        return self._all_hold(self.enquiries.check_request(reference, request_hash, IdempotencyKeyReused()))

    def get_comment(self, comment_id: str, *, even_expired: bool = False) -> Comment:
        return self.comments.get(comment_id, even_expired=even_expired)

    def record_decision(self, decided: DecidedComment) -> None:
        """Raises StaleRevision or Unavailable."""
        before = decided.before
        model = self.get_model()
        taught = model.taught_by(decided.after)
        after = replace(decided.after, taught=taught)
        lessons = model.teach(before, taught)
        entering = (after.status == "approved") - (before.status == "approved")

        def writes() -> list[Write]:
            orders = [self.outbox.put_order(order) for order in decided.orders]
            counted = self.approvals.move(after.trust_key, entering, decided.act.at)
            moved = self._move_thread(after, entering)
            return [self.comments.replace(before, after), *moved, *counted, *orders, *lessons]

        # As a list shows it: nobody has decided on it, nor, most likely, opened it alone.
        self.audited.transact(writes, decided.act, likely_first=before.revision == 1)
        if lessons:
            model.forget_read()

    def erase_comment(self, comment: Comment, act: Act) -> None:
        """Raises StaleRevision where it was decided on or answered since it was read, or Unavailable.

        What the classifier learnt from it is taken back in the same transaction.
        """
        model = self.get_model()
        lessons = model.teach(comment, None)
        approved = comment.status == "approved"
        leaves = approved and comment.answers <= 0

        def writes() -> list[Write]:
            moved = self._move_thread(comment, -1) if leaves else []
            counted = self.approvals.move(comment.trust_key, -1, act.at) if approved else []
            return [self.stubs.erase(comment, act.at), *moved, *counted, *lessons]

        self.audited.transact(writes, act)
        if lessons:
            model.forget_read()

    def get_model(self) -> "ModelTable":
        """Raises WrongFunction where this function was not given it."""
        if self.model is None:
            raise WrongFunction
        return self.model

    def find_model(self) -> "Model | None":
        return self.get_model().find()

    def teach(self, comment: Comment, taught: Taught) -> None:
        """Learn from a comment decided before, and mark it so. Raises StaleRevision or Unavailable."""
        lessons = self.get_model().teach(comment, taught)
        self.database.transact([self.comments.mark_taught(comment, taught), *lessons])

    def add_reply(self, reply: Comment, identity: Identity, order: Order, act: Act) -> None:
        """Raises AlreadySubmitted, ParentNotPublished or Unavailable; `reply` answers a comment."""
        writes = [self.comments.put_new(reply)]
        writes += [self.comments.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.stubs.answer(str(reply.parent_id), reply.page_id))
        writes += self._move_counts(reply.page_id, 1)
        writes.append(self.outbox.put_order(order))
        self.audited.transact(lambda: writes, act, likely_first=True)

    def add_handover(self, comment: Comment, enquiry: Enquiry, order: Order, act: Act) -> None:
        """Raises AlreadySubmitted, NotFound where the comment was erased meanwhile, or Unavailable."""
        writes = [self.enquiries.put_new(enquiry), self.comments.check_there(comment.id, NotFound())]
        writes.append(self.outbox.put_order(order))
        self.audited.transact(lambda: writes, act, likely_first=True)

    def get_page(self, page_id: str) -> PageThread:
        return self.pages.get(page_id)

    def set_page_closed(self, page_id: str, closed: bool, act: Act) -> None:
        """Close or open a page's thread. Where it is so already nothing is changed, nor noted."""
        with suppress(AlreadySo):
            self.audited.transact(lambda: [self.pages.set_closed(page_id, closed, act.at)], act)

    def get_enquiry(self, reference: str, *, even_expired: bool = False) -> Enquiry:
        return self.enquiries.get(reference, even_expired=even_expired)

    def record_change(self, changed: ChangedEnquiry) -> None:
        """Raises StaleRevision or Unavailable."""
        self.audited.transact(lambda: [self.enquiries.replace(changed)], *changed.acts)

    def erase_enquiry(self, enquiry: Enquiry, act: Act) -> None:
        """Raises StaleRevision or Unavailable."""
        self.audited.transact(lambda: [self.enquiries.erase(enquiry, act.at)], act)

    def record_reading(self, act: Act, *, unless_within: timedelta | None = None) -> None:
        """Nobody reads a private field unseen: to be called before the answer is given.

        The chain's last entry stands for this one too where it is younger than `unless_within`.
        """
        self.audited.transact(list, act, unless_within=unless_within)

    def find_token(self, token_id: str) -> StaffToken | None:
        return self.staff.find(token_id)

    def add_token(self, token: StaffToken, act: Act) -> None:
        self.audited.transact(lambda: [self.staff.put_new(token)], act, likely_first=True)

    def revoke_token(self, token_id: str, at: datetime, act: Act) -> None:
        """Raises NotFound."""
        self.audited.transact(lambda: [self.staff.revoke(token_id, at)], act)

    def revoke_credential(self, credential: str, at: datetime, expires_at: datetime | None, act: Act) -> None:
        self.audited.transact(lambda: [self.staff.revoke_credential(credential, at, expires_at)], act)

    def find_revocation(self, credential: str) -> datetime | None:
        return self.staff.find_revocation(credential)

    def unsubscribe(self, address_hmac: str, at: datetime) -> None:
        self.database.transact([self.suppressions.suppress(address_hmac, "unsubscribed", at)])

    def get_outbox_entry(self, outbox_id: str) -> OutboxEntry:
        return self.outbox_entries.get(outbox_id)

    def record_resend(self, entry: OutboxEntry, act: Act) -> None:
        """Raises IllegalTransition where it has moved on meanwhile, or Unavailable."""
        try:
            self.audited.transact(lambda: [self.outbox.resend(entry, act.at)], act)
        except NotClaimed:
            raise IllegalTransition(entry.state, "pending") from None

    def comments_of(self, address_hmac: str, after: str | None) -> Iterator[Trace]:
        return self.comments.traces_of(address_hmac, after)

    def enquiries_of(self, address_hmac: str, after: str | None) -> Iterator[Trace]:
        return self.enquiries.traces_of(address_hmac, after)

    def deliveries_to(
        self, address_hmac: str, after: str | None, *, even_expired: bool = False
    ) -> Iterator[OutboxEntry]:
        return self.outbox_entries.list_to_recipient(address_hmac, after, even_expired=even_expired)

    def suppressions_of(self, hashes: Sequence[str]) -> list[Suppression]:
        return self.suppressions.find_many(hashes)

    def guard_records_of(self, hashes: Sequence[str]) -> list[GuardRecord]:
        return [record for address_hmac in hashes for record in self.guard.find_of_address(address_hmac)]

    def list_audit(self, limit: int, after: Any, at: datetime) -> tuple[list[Entry], Any]:
        page = self.audit.list_all(limit, after, at)
        return page.entries, page.next_place

    def erase_deliveries(self, delivery_ids: Sequence[str], act: Act) -> int:
        """Return how many of at most 90 were still there."""
        return self.audited.delete({id_: self.outbox.delete(id_) for id_ in delivery_ids}, act)

    def erase_suppressions(self, hashes: Sequence[str], act: Act) -> int:
        return self.audited.delete({each: self.suppressions.delete(each) for each in hashes}, act)

    def erase_guard_records(self, hashes: Sequence[str], act: Act) -> int:
        deletes: dict[str, Write] = {}
        for address_hmac in hashes:
            deletes |= self.guard.delete_of_address(address_hmac)
        return self.audited.delete(deletes, act)

    def _move_thread(self, comment: Comment, by: int) -> list[Write]:
        """What changes around a comment that enters (1) or leaves (-1) its page's thread."""
        if not by:
            return []
        moved = self.stubs.move(comment.parent_id, by)
        return [*moved.writes, *self._move_counts(comment.page_id, by + moved.stubs)]

    def _move_counts(self, page_id: str, by: int) -> list[Write]:
        return [self.pages.move_count(page_id, by), *self.threads.move_edges(page_id, by)]

    def _transact_in_turn(self, writes: list[Write], network: str, at: datetime) -> None:
        """Do the writes if the network's bucket has room: one round trip, unless it was guessed wrong."""
        turn = self.guard.turn(network, at)
        while True:
            try:
                self.database.transact([*writes, turn.write()])
            except Missed:
                turn.miss()
                continue
            turn.done()
            return

    def _all_hold(self, *checks: Write) -> bool:
        """Ask by conditions, not by a read: the public role may not read."""
        try:
            self.database.transact([*checks])
        except FrontdeskError as refusal:
            if any(refusal is check.refusal for check in checks):
                return False
            raise
        return True
