"""What is found about a submission only while it is stored, by conditions of its own transaction.

Such a finding is a reason to look twice, no error: the transaction, which stored nothing, is made once more,
with the reason and without what struck. That takes longer, which a visitor can measure: so nothing is asked
here of an address. Anybody can type anybody's, and would learn who wrote just now.
"""

from collections.abc import Callable

from chalicelib import outbox
from chalicelib.errors import OrderedBefore
from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import Order, OrderKind
from chalicelib.submissions import Hashing, Visit

_REPLAYED = Reason("form_token_replayed", "Something else was sent from the same opening of the form.")
_SENT_BEFORE = Reason(
    "sent_before", "The same text came before on this day, from no form of the site either."
)
# What is shorter, two people may well say.
_SHORTEST_TEXT = 24

Add = Callable[[tuple[Reason, ...], Order], None]


def add_with_findings(add: Add, order: Order, visit: Visit) -> None:
    """Let `add` store a submission, with the reason that was found while it was tried, if one was."""
    try:
        add((), order)
    except OrderedBefore:
        found = _REPLAYED if visit.form else _SENT_BEFORE
        add((found,), outbox.new_order(order.kind, order.subject_id, order.created_at))


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
