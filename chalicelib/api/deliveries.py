"""What became of the mail, for staff: states and reasons, no address; send one again."""

from typing import Any

from chalicelib import outbox
from chalicelib.api.answers import Answer, as_json, to_json
from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.api.fields import parse_query
from chalicelib.api.requests import Request
from chalicelib.api.schemas import DeliveriesQuery
from chalicelib.api.staff import actor_of
from chalicelib.errors import NotFound
from chalicelib.outbox import STATES_BY_NEED, OutboxEntry, State, concerns
from chalicelib.showing import show_delivery
from chalicelib.staff_tokens import Role
from chalicelib.times import to_text
from chalicelib.wiring import Desk

_LONGEST_ID = 128
# Where most rows concern another role a request ends all the same, and its cursor goes on.
_MOST_QUERIES = 20

# Where a list goes on: in which state, and behind which of its rows.
_Place = tuple[State, dict[str, Any] | None]


def list_deliveries(request: Request, desk: Desk) -> Answer:
    """What concerns the role. An order that waits to become deliveries is shown as one that is pending."""
    query = parse_query(DeliveriesQuery, request)
    list_name = to_json(["deliveries", query.state, query.order])
    states = (query.state,) if query.state else STATES_BY_NEED
    place = read_cursor(desk.hasher, list_name, query.cursor) or (states[0], None)
    entries, following = _collect(states, tuple(place), query, actor_of(request).role, desk)
    shown = [show_delivery(entry) for entry in entries]
    return as_json(200, {"deliveries": shown, "next_cursor": make_cursor(desk.hasher, list_name, following)})


def resend_delivery(request: Request, desk: Desk) -> Answer:
    delivery_id = request.path("delivery_id", longest=_LONGEST_ID)
    entry = outbox.resend(delivery_id, actor_of(request), desk.now(), desk.store)
    # At once; where the queue does not take it, housekeeping brings it.
    desk.queue.send([entry.id])
    return as_json(202, show_delivery(entry))


def list_dead_letters(request: Request, desk: Desk) -> Answer:
    role = actor_of(request).role
    count, letters = desk.queue.list_dead_letters()
    shown = [
        {
            "outbox_id": letter.outbox_id,
            "sent_at": to_text(letter.sent_at),
            "delivery": _find(letter.outbox_id, role, desk),
        }
        for letter in letters
    ]
    return as_json(200, {"count": count, "dead_letters": shown})


def _collect(
    states: tuple[State, ...], place: _Place, query: DeliveriesQuery, role: Role, desk: Desk
) -> tuple[list[OutboxEntry], _Place | None]:
    """Up to the query's limit from `place` on, state after state; and where the rest begins."""
    entries: list[OutboxEntry] = []
    following: _Place | None = place
    for _ in range(_MOST_QUERIES):
        if following is None or len(entries) >= query.limit:
            break
        state, after = following
        page = desk.store.outbox_entries.list_by_state(
            state, newest_first=query.order == "newest", limit=query.limit - len(entries), after=after
        )
        entries += [entry for entry in page.entries if concerns(role, entry)]
        rest = states[states.index(state) + 1 :]
        after_all = (rest[0], None) if rest else None
        following = (state, page.next_key) if page.next_key else after_all
    return entries, following


def _find(outbox_id: str | None, role: Role, desk: Desk) -> dict[str, Any] | None:
    try:
        entry = desk.store.outbox_entries.get(outbox_id) if outbox_id else None
    except NotFound:
        return None
    return show_delivery(entry) if entry and concerns(role, entry) else None
