"""SES takes so many mails a second. Enquiries and urgent mail go first, and nothing starves.

Each second has a counter that all environments share. A mail that finds its second full goes back to the
queue with a delay, where it costs no receive. For short moments SES takes more than its rate
(https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html), so that seconds of clocks that
differ a little do no harm.
"""

from chalicelib.outbox import FIRST_MAIL, Delivery
from chalicelib.storage.guard import NoTurn
from chalicelib.wiring import Desk

# What goes first tries again at once, the rest later: so that it stays ahead however many wait.
_FIRST_WAITS = 1
_REST_WAITS = range(3, 30)
# In three seconds of four, a quarter of the rate is kept for what goes first; in the fourth, for the rest.
_ROUND = 4


def take_turn(delivery: Delivery, desk: Desk) -> bool:
    """Take one mail of this second's. False where it is full: the delivery will be brought again.

    Raises Unavailable.
    """
    second = int(desk.now().timestamp())
    first = delivery.kind in FIRST_MAIL
    try:
        desk.store.guard.take_turn(second, share(desk.send_rate, second, first=first))
    except NoTurn:
        desk.queue.send_later(delivery.id, _wait(delivery, first=first))
        return False
    return True


def share(rate: int, second: int, *, first: bool) -> int:
    """Up to how many mails of `second` this one may be. At least one a second is anybody's."""
    favoured = first == (second % _ROUND != 0)
    return rate if favoured else max(1, rate - rate // _ROUND)


def _wait(delivery: Delivery, *, first: bool) -> int:
    """In seconds. Spread by the id, so that a backlog does not come back as one."""
    if first:
        return _FIRST_WAITS
    return _REST_WAITS[sum(delivery.id.encode()) % len(_REST_WAITS)]
