"""What is found about a submission only while it is stored, by conditions of its own transaction.

Such a finding is a reason to look twice, no error: the transaction, which stored nothing, is made once more,
with the reason and without what struck.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib import outbox
from chalicelib.errors import AddressRateExceeded, FormTokenReplayed
from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import Order
from chalicelib.submissions import Sender

_REPLAYED = Reason("form_token_replayed", "Something else was sent from the same opening of the form.")
_ADDRESS_RATE = Reason("address_rate", "Much was sent under this address within a short time.")

Add = Callable[[tuple[Reason, ...], Order, Sender], None]


def add_with_findings(add: Add, order: Order, sender: Sender) -> None:
    """Let `add` store a submission, with the reasons that were found while it was tried."""
    found: tuple[Reason, ...] = ()
    while True:
        try:
            return add(found, order, sender)
        except FormTokenReplayed:
            found += (_REPLAYED,)
            order = outbox.new_order(order.kind, order.subject_id, order.created_at)
        except AddressRateExceeded:
            found += (_ADDRESS_RATE,)
            sender = replace(sender, address_hmac=None)
