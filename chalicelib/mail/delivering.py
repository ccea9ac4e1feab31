"""One outbox id at a time: an order becomes deliveries, a delivery becomes one mail.

pending → sending (lease) → sent
   ↑          ├→ held       SES will not send now: somebody must mend something
   │          ├→ failed     will never be sent
   └──────────┴→ unknown    may or may not have been sent; housekeeping resends it once, marked
"""

from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.mail.expanding import expand, to_others
from chalicelib.mail.messages import NothingToSend, compose
from chalicelib.mail.outcomes import Outcome, classify, name_of
from chalicelib.mail.pace import take_turn
from chalicelib.mail.recipients import find_recipients
from chalicelib.mail.rendering import HeaderRefused, to_ascii
from chalicelib.mail.repeating import note_repeat
from chalicelib.mail.suspecting import ask_akismet
from chalicelib.outbox import STAFF_MAIL, STATES, Delivery, Order, State
from chalicelib.storage.outbox import NotClaimed
from chalicelib.wiring import Desk

# Longer than the mail function's time-out (30 s): who still holds the lease after this is dead.
LEASE = timedelta(seconds=60)
_RETRY_HELD = timedelta(minutes=10)
# Each try waits twice as long as the one before, up to the longest delay that SQS knows.
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(minutes=15)
# Housekeeping brings it where the queue did not.
_GRACE = timedelta(minutes=2)


def handle(outbox_id: str, desk: Desk) -> None:
    """Do what the row asks for; doing it twice, or at once in two places, is the same as once.

    Raises Unavailable where it should be brought again.
    """
    row = desk.store.outbox.find(outbox_id)
    try:
        if isinstance(row, Order):
            note_repeat(row, desk)
            expand(row, desk)
            # Behind it, and so once: who comes second is told that the order is not claimed.
            ask_akismet(row, desk)
        elif row is not None and row.state == "pending":
            _deliver(row, desk)
    except NotClaimed:
        return


def _deliver(delivery: Delivery, desk: Desk) -> None:
    # All that reads, and all that can refuse, comes before the claim: who fails there has claimed nothing.
    recipients = find_recipients(delivery.kind, delivery.subject_id, desk)
    if delivery.recipient not in recipients:
        _give_up_on(delivery, recipients, desk)
        return
    try:
        request = _request(compose(delivery, desk), delivery, desk)
    except (NothingToSend, HeaderRefused) as refused:
        reason = "subject_gone" if isinstance(refused, NothingToSend) else "header_refused"
        _give_up(delivery, reason, [], desk)
        return
    if not take_turn(delivery, desk):
        return
    desk.store.outbox.claim(delivery, desk.now() + LEASE)
    try:
        answer = desk.ses.send_email(**request)
    except (ClientError, BotoCoreError) as error:
        _settle_failure(delivery, error, desk)
    else:
        desk.store.outbox.mark_sent(delivery.id, answer["MessageId"], desk.now())
        _note(delivery, "sent", None, desk)


def _give_up_on(delivery: Delivery, recipients: list[str], desk: Desk) -> None:
    """The address is none of those to mail any more. Staff's mail then goes to those that are."""
    if delivery.kind in STAFF_MAIL and recipients:
        _give_up(delivery, "readdressed", to_others(delivery, recipients, desk), desk)
    else:
        _give_up(delivery, "nobody_to_mail", [], desk)


def _give_up(delivery: Delivery, reason: str, instead: list[Delivery], desk: Desk) -> None:
    desk.store.deliveries.give_up(delivery.id, "pending", reason, instead, desk.now())
    _note(delivery, "failed", reason, desk)


def _request(raw: bytes, delivery: Delivery, desk: Desk) -> dict[str, Any]:
    """Raises HeaderRefused."""
    request: dict[str, Any] = {
        "FromEmailAddress": desk.settings.mail_sender,
        "Destination": {"ToAddresses": [to_ascii("To", delivery.recipient)]},
        "Content": {"Raw": {"Data": raw}},
        # By this tag SES's events find the delivery, even one whose message id was never learnt.
        "EmailTags": [
            {"Name": "delivery", "Value": delivery.id},
            {"Name": "attempt", "Value": str(delivery.attempts + 1)},
        ],
    }
    if desk.settings.mail_configuration_set:
        request["ConfigurationSetName"] = desk.settings.mail_configuration_set
    return request


def _settle_failure(delivery: Delivery, error: Exception, desk: Desk) -> None:
    reason = name_of(error)
    now = desk.now()
    outbox = desk.store.outbox
    match classify(error):
        case Outcome.PERMANENT:
            desk.store.deliveries.give_up(delivery.id, "sending", reason, [], now)
            _note(delivery, "failed", reason, desk)
        case Outcome.AMBIGUOUS:
            outbox.mark_unknown(delivery.id, reason, resent=delivery.resent, at=now)
            _note(delivery, "unknown", reason, desk)
        case Outcome.HOLD:
            outbox.mark(delivery.id, "sending", "held", reason, now + _RETRY_HELD)
            _note(delivery, "held", reason, desk)
        case Outcome.TRANSIENT:
            wait = min(_FIRST_RETRY * 2 ** min(delivery.attempts, 5), _LONGEST_RETRY)
            outbox.mark(delivery.id, "sending", "pending", reason, now + wait + _GRACE)
            _note(delivery, "pending", reason, desk)
            # Not by failing: five failures make a dead letter of what only has to wait.
            desk.queue.send_later(delivery.id, int(wait.total_seconds()))


def count_state(state: str, desk: Desk) -> None:
    """Count that a mail came into `state`: MailSent, MailDelivered, MailHeld and so on."""
    if state in STATES:
        desk.log.count(f"Mail{state.capitalize()}")


def _note(delivery: Delivery, state: State, reason: str | None, desk: Desk) -> None:
    count_state(state, desk)
    facts = {"id": delivery.id, "kind": delivery.kind, "state": state, "reason": reason}
    desk.log.note("delivery", facts, failed=state not in ("sent", "pending"))
