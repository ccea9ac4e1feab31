"""What SES reports about a mail, after it was handed over: idempotent, and right in any order.

The events are those of a configuration set's event destination
(https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html). A delivery is
found by the tag that its mail was sent with, for the report can overtake the message id.
"""

from typing import Any

from chalicelib.outbox import State
from chalicelib.storage.outbox import NotClaimed
from chalicelib.wiring import Desk

_UNDER_WAY: tuple[State, ...] = ("sending", "unknown")
# report: (states that it moves on, to which state, why). A state that is not named is further already.
_MOVES: dict[str, tuple[tuple[State, ...], State, str | None]] = {
    "Send": (_UNDER_WAY, "sent", None),
    "Delivery": ((*_UNDER_WAY, "sent"), "delivered", None),
    "Bounce": ((*_UNDER_WAY, "sent", "delivered"), "failed", "bounce"),
    "Reject": ((*_UNDER_WAY, "sent"), "failed", "reject"),
    "Complaint": ((*_UNDER_WAY, "sent", "delivered"), "failed", "complaint"),
}


def note_report(detail: dict[str, Any], desk: Desk) -> dict[str, str]:
    """Return the delivery's id and its new state, or "unchanged". Raises Unavailable."""
    report = str(detail.get("eventType", ""))
    tagged = detail.get("mail", {}).get("tags", {}).get("delivery", [])
    if report not in _MOVES or not tagged:
        return {"report": report, "state": "unchanged"}
    before, after, reason = _MOVES[report]
    try:
        desk.store.outbox.mark_reported(tagged[0], before, after, reason, desk.now())
    except NotClaimed:
        return {"report": report, "delivery": tagged[0], "state": "unchanged"}
    return {"report": report, "delivery": tagged[0], "state": after}
