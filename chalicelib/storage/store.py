"""What is stored together: the transactions that span tables. One round trip each, all or nothing."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.audit import Act, chain
from chalicelib.comments import Comment, DecidedComment
from chalicelib.enquiries import Enquiry
from chalicelib.errors import IdempotencyKeyReused, IllegalTransition, Unavailable
from chalicelib.outbox import Delivery, Order, OutboxEntry
from chalicelib.staff_tokens import StaffToken
from chalicelib.storage.audit import AuditTable, EntryTaken
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import Database, Write
from chalicelib.storage.enquiries import EnquiriesTable
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import AlreadyMailed, DigestOpen, NotClaimed, OutboxTable, Report
from chalicelib.storage.pages import PagesTable
from chalicelib.storage.staff import StaffTable
from chalicelib.storage.suppressions import Cause, SuppressionsTable
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
    suppressions: SuppressionsTable

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

    def record_reading(self, act: Act) -> None:
        """Nobody reads a private field unseen: to be called before the answer is given."""
        self._transact_audited([], act)

    def find_token(self, token_id: str) -> StaffToken | None:
        return self.staff.find(token_id)

    def add_token(self, token: StaffToken, act: Act) -> None:
        self._transact_audited([self.staff.put_new(token)], act)

    def revoke_token(self, token_id: str, at: datetime, act: Act) -> None:
        """Raises NotFound."""
        self._transact_audited([self.staff.revoke(token_id, at)], act)

    def expand(self, order: Order, deliveries: list[Delivery], reminder: Order | None, at: datetime) -> None:
        """Turn an order into its deliveries, once, and into the order to remind.

        At most 90 deliveries: a transaction holds 100 actions. Raises NotClaimed where it has been done,
        AlreadyMailed for a delivery that may not be repeated, or Unavailable.
        """
        writes = [self.outbox.finish_order(order, at)]
        for delivery in deliveries:
            writes.append(self.outbox.put_delivery(delivery))
            if delivery.kind == "enquiry_received":
                refusal = AlreadyMailed(delivery.id)
                writes.append(self.guard.acknowledge(delivery.recipient_hmac, at, refusal))
        if reminder:
            writes.append(self.outbox.put_order(reminder))
        self.database.transact(writes)

    def open_digest(self, order: Order, deliveries: list[Delivery], digest: Order, at: datetime) -> None:
        """As `expand`, where this is the first of its stretch of time. Raises DigestOpen if it is not."""
        writes = [self.outbox.finish_order(order, at), self.outbox.put_order(digest, DigestOpen())]
        self.database.transact([*writes, *map(self.outbox.put_delivery, deliveries)])

    def gather(self, order: Order, digest: Order, at: datetime) -> None:
        """Turn an order into one more in the digest. Raises NotClaimed, DigestClosed or Unavailable."""
        self.database.transact([self.outbox.finish_order(order, at), self.outbox.gather(digest.id)])

    def note_report(
        self, report: Report, suppressed: tuple[str, Cause] | None, instead: list[Delivery], at: datetime
    ) -> None:
        """Move a delivery as SES reports, suppress its address, and mail somebody else instead.

        Raises NotClaimed where that has been done, or Unavailable.
        """
        writes = [self.outbox.report(report, at)]
        if suppressed:
            writes.append(self.suppressions.suppress(*suppressed, at))
        writes += [self.outbox.put_delivery(delivery) for delivery in instead]
        self.database.transact(writes)

    def unsubscribe(self, address_hmac: str, at: datetime) -> None:
        self.database.transact([self.suppressions.suppress(address_hmac, "unsubscribed", at)])

    def get_outbox_entry(self, outbox_id: str) -> OutboxEntry:
        return self.outbox.get_entry(outbox_id)

    def record_resend(self, entry: OutboxEntry, act: Act) -> None:
        """Raises IllegalTransition where it has moved on meanwhile, or Unavailable."""
        try:
            self._transact_audited([self.outbox.resend(entry, act.at)], act)
        except NotClaimed:
            raise IllegalTransition(entry.state, "pending") from None

    def _transact_audited(self, writes: list[Write], act: Act) -> None:
        """Do `writes` and their audit entry in one transaction; chain again where another came first."""
        for _ in range(_CHAIN_ATTEMPTS):
            entry = chain(act, self.audit.find_last(act.subject))
            try:
                self.database.transact([*writes, self.audit.put(entry)])
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
