"""How orders become deliveries, and how these end: the transactions of mail. One round trip each."""

from datetime import datetime

from chalicelib.outbox import Delivery, Order, State
from chalicelib.storage.dynamodb import Database, Write
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import AlreadyMailed, DigestOpen, NotClaimed, OutboxTable, Report
from chalicelib.storage.suppressions import Cause, SuppressionsTable


class Deliveries:
    def __init__(
        self, database: Database, outbox: OutboxTable, guard: GuardTable, suppressions: SuppressionsTable
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._guard = guard
        self._suppressions = suppressions

    def expand(self, order: Order, deliveries: list[Delivery], reminder: Order | None, at: datetime) -> None:
        """Turn an order into its deliveries, once, and into the order to remind.

        At most 90 deliveries: a transaction holds 100 actions. One that may not be repeated is left out.
        Raises NotClaimed where it has been done, or Unavailable.
        """
        writes = [self._outbox.finish_order(order, at)]
        if reminder:
            writes.append(self._outbox.put_order(reminder))
        self._put_each_once(writes, deliveries, at)

    def open_digest(self, order: Order, deliveries: list[Delivery], digest: Order, at: datetime) -> None:
        """As `expand`, where this is the first of its stretch of time. Raises DigestOpen if it is not."""
        writes = [self._outbox.finish_order(order, at), self._outbox.put_order(digest, DigestOpen())]
        self._database.transact([*writes, *map(self._outbox.put_delivery, deliveries)])

    def gather(self, order: Order, digest: Order, at: datetime) -> None:
        """Turn an order into one more in the digest. Raises NotClaimed, DigestClosed or Unavailable."""
        self._database.transact([self._outbox.finish_order(order, at), self._outbox.gather(digest.id)])

    def note_report(
        self, report: Report, suppressed: tuple[str, Cause] | None, instead: list[Delivery], at: datetime
    ) -> None:
        """Move a delivery as SES reports, suppress its address, and mail somebody else instead.

        Raises NotClaimed where the delivery is further already, or Unavailable. What SES says of the
        address counts even then.
        """
        suppressing = [self._suppressions.suppress(*suppressed, at)] if suppressed else []
        try:
            self._put_each_once([self._outbox.report(report, at), *suppressing], instead, at)
        except NotClaimed:
            if suppressing:
                self._database.transact(suppressing)
            raise

    def give_up(
        self, delivery_id: str, before: State, reason: str, instead: list[Delivery], at: datetime
    ) -> None:
        """A delivery will not be sent; others are, where staff are to be told all the same.

        Raises NotClaimed or Unavailable.
        """
        self._put_each_once([self._outbox.fail(delivery_id, before, reason, at)], instead, at)

    def _put_each_once(self, writes: list[Write], deliveries: list[Delivery], at: datetime) -> None:
        """Do `writes` and put those of `deliveries` that may be sent: all in one transaction."""
        while True:
            puts = [write for delivery in deliveries for write in self._put_delivery(delivery, at)]
            try:
                return self._database.transact([*writes, *puts])
            except AlreadyMailed as before:
                deliveries = [d for d in deliveries if d.id != before.delivery_id]

    def _put_delivery(self, delivery: Delivery, at: datetime) -> list[Write]:
        writes = [self._outbox.put_delivery(delivery)]
        if delivery.kind == "enquiry_received":
            refusal = AlreadyMailed(delivery.id)
            writes.append(self._guard.acknowledge(delivery.recipient_hmac, at, refusal))
        return writes
