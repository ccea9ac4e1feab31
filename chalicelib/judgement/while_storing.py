"""What is found about a submission only while it is stored, by conditions of its own transaction.

Such a finding is a reason to look twice, no error: the transaction, which stored nothing, is made once more,
with the reason and without what struck.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib import outbox
from chalicelib.errors import AddressRateExceeded, OrderedBefore
from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import Order, OrderKind
from chalicelib.submissions import Hashing, Sender, Visit

_REPLAYED = Reason("form_token_replayed", "Something else was sent from the same opening of the form.")
_SENT_BEFORE = Reason(
    "sent_before", "The same text came before on this day, from no form of the site either."
)
_ADDRESS_RATE = Reason("address_rate", "Much was sent under this address within a short time.")
# What is shorter, two people may well say.
_SHORTEST_TEXT = 24

Add = Callable[[tuple[Reason, ...], Order, Sender], None]


def add_with_findings(add: Add, order: Order, sender: Sender, visit: Visit) -> None:
    """Let `add` store a submission, with the reasons that were found while it was tried."""
    found: tuple[Reason, ...] = ()
    while True:
        try:
            return add(found, order, sender)
        except OrderedBefore:
            found += (_REPLAYED if visit.form else _SENT_BEFORE,)
            order = outbox.new_order(order.kind, order.subject_id, order.created_at)
        except AddressRateExceeded:
            found += (_ADDRESS_RATE,)
            sender = replace(sender, address_hmac=None)


def order_once(kind: OrderKind, subject_id: str, message: str, visit: Visit, hashing: Hashing) -> Order:
    """The order to mail about a submission, marked by what there should be one of.

    That is its form or, where it came of none, its text on this day: programs that post without the form
    send one text again and again. An order has one id: a text that comes with good forms is not compared.
    """
    mark = visit.form or _mark_of_text(kind, message, visit, hashing)
    return outbox.new_order(kind, subject_id, visit.at, mark)


def _mark_of_text(kind: OrderKind, message: str, visit: Visit, hashing: Hashing) -> bytes | None:
    text = "".join(letter for letter in message.casefold() if letter.isalnum())
    if len(text) < _SHORTEST_TEXT:
        return None
    return hashing.digest(f"{kind} text", f"{visit.at.date().isoformat()}:{text}")
