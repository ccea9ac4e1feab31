"""What is stored together: the transactions that span tables. One round trip each, all or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.audit import Act, chain
from chalicelib.comments import Comment, DecidedComment
from chalicelib.enquiries import Enquiry
from chalicelib.errors import IdempotencyKeyReused, Unavailable
from chalicelib.outbox import Order
from chalicelib.staff_tokens import StaffToken
from chalicelib.storage.audit import AuditTable, EntryTaken
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import Database, Write
from chalicelib.storage.enquiries import EnquiriesTable
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import OutboxTable
from chalicelib.storage.pages import PagesTable
from chalicelib.storage.staff import StaffTable
from chalicelib.submissions import Identity

# As many members of staff may read the same list at once; then one is asked to try again.
_CHAIN_ATTEMPTS = 20


@dataclass(frozen=True)
class Store:
    database: Database
    comments: CommentsTable
    enquiries: EnquiriesTable
    outbox: OutboxTable
    pages: PagesTable
    guard: GuardTable
    staff: StaffTable
    audit: AuditTable

    def add_comment(self, comment: Comment, identity: Identity, order: Order, network: str) -> None:
        """Raises AlreadySubmitted, PageClosed, ParentNotPublished, RateLimited or Unavailable.

        In that order: a replay gets its first answer even if the page has been closed since.
        """
        writes = [self.comments.put_new(comment)]
        writes += [self.comments.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.pages.check_open(comment.page_id))
        if comment.parent_id is not None:
            writes.append(self.comments.check_parent(comment.parent_id, comment.page_id))
        writes.append(self.outbox.put_order(order))
        writes.append(self.guard.count(network, comment.created_at))
        self.database.transact(writes)

    def add_enquiry(self, enquiry: Enquiry, identity: Identity, order: Order, network: str) -> None:
        """Raises AlreadySubmitted, RateLimited or Unavailable."""
        writes = [self.enquiries.put_new(enquiry)]
        writes += [self.enquiries.check_neighbour(n, identity) for n in identity.neighbours]
        writes.append(self.outbox.put_order(order))
        writes.append(self.guard.count(network, enquiry.created_at))
        self.database.transact(writes)

    def is_same_comment(self, comment_id: str, request_hash: str) -> bool:
        return self._holds(self.comments.check_request(comment_id, request_hash, IdempotencyKeyReused()))

    def is_same_enquiry(self, reference: str, request_hash: str) -> bool:
        return self._holds(self.enquiries.check_request(reference, request_hash, IdempotencyKeyReused()))

    def get_comment(self, comment_id: str) -> Comment:
        return self.comments.get(comment_id)

    def record_decision(self, decided: DecidedComment) -> None:
        """Raises StaleRevision or Unavailable."""
        writes = [self.comments.replace(decided.before, decided.after)]
        change = (decided.after.status == "approved") - (decided.before.status == "approved")
        if change:
            writes.append(self.pages.move_count(decided.after.page_id, change))
            writes += self.comments.move_edges(decided.after.page_id, change)
        writes += [self.outbox.put_order(order) for order in decided.orders]
        self._transact_audited(writes, decided.act)

    def record_reading(self, act: Act, *, unless_within: timedelta | None = None) -> None:
        """Nobody reads a private field unseen: to be called before the answer is given.

        The chain's last entry stands for this one too where it is younger than `unless_within`.
        """
        self._transact_audited([], act, unless_within)

    def find_token(self, token_id: str) -> StaffToken | None:
        return self.staff.find(token_id)

    def add_token(self, token: StaffToken, act: Act) -> None:
        self._transact_audited([self.staff.put_new(token)], act)

    def revoke_token(self, token_id: str, at: datetime, act: Act) -> None:
        """Raises NotFound."""
        self._transact_audited([self.staff.revoke(token_id, at)], act)

    def revoke_credential(self, credential: str, at: datetime, expires_at: datetime | None, act: Act) -> None:
        self._transact_audited([self.staff.revoke_credential(credential, at, expires_at)], act)

    def find_revocation(self, credential: str) -> datetime | None:
        return self.staff.find_revocation(credential)

    def _transact_audited(
        self, writes: list[Write], act: Act, unless_within: timedelta | None = None
    ) -> None:
        """Do `writes` and their audit entry in one transaction; chain again where another came first."""
        for _ in range(_CHAIN_ATTEMPTS):
            last = self.audit.find_last(act.subject)
            if last and unless_within and act.at - last.act.at < unless_within:
                return
            try:
                self.database.transact([*writes, self.audit.put(chain(act, last))])
            except EntryTaken:
                continue
            return
        raise Unavailable("TransactWriteItems")

    def _holds(self, check: Write) -> bool:
        """Ask by a condition, not by a read: the public role may not read."""
        try:
            self.database.transact([check])
        except IdempotencyKeyReused:
            return False
        return True
