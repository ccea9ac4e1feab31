"""What concerns no single item: the audit trail, and how much there is of everything."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from chalicelib.api.answers import Answer, as_json, to_json
from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.api.fields import parse_query
from chalicelib.api.requests import Request
from chalicelib.api.schemas import AuditQuery
from chalicelib.api.staff import actor_of
from chalicelib.comments import Status
from chalicelib.enquiries import EnquiryStatus
from chalicelib.outbox import State
from chalicelib.showing import show_entry
from chalicelib.storage.audit import AuditPage
from chalicelib.storage.dynamodb import Count
from chalicelib.wiring import Desk

# A count reads an index, 1 MB a page: so a request costs no more at a million comments. Of comments of
# ordinary length five pages hold some thousands.
_MOST_PAGES = 5
_SECTIONS = {
    "moderator": ("comments",),
    "admissions": ("enquiries",),
    "admin": ("comments", "enquiries", "mail"),
}


def list_audit(request: Request, desk: Desk) -> Answer:
    query = parse_query(AuditQuery, request)
    list_name = to_json(["audit", query.subject, query.actor])
    after = read_cursor(desk.hasher, list_name, query.cursor)
    page = _find_entries(query, after, desk)
    return as_json(
        200,
        {
            "entries": [show_entry(entry) for entry in page.entries],
            "next_cursor": make_cursor(desk.hasher, list_name, page.next_place),
        },
    )


def _find_entries(query: AuditQuery, after: dict[str, Any] | None, desk: Desk) -> AuditPage:
    audit = desk.store.audit
    if query.subject is not None:
        return audit.list_of_subject(query.subject, query.actor, query.limit, after)
    if query.actor is not None:
        return audit.list_of_actor(query.actor, query.limit, after)
    return audit.list_all(query.limit, after, desk.now())


def get_stats(request: Request, desk: Desk) -> Answer:
    """Counted anew each time, from the indexes: what nobody keeps up to date cannot be wrong."""
    store, now = desk.store, desk.now()
    at_least: list[str] = []

    def count(section: str, statuses: tuple[str, ...], of: Callable[[Any, int], Count]) -> dict[str, Any]:
        counts = {status: of(status, _MOST_PAGES) for status in statuses}
        at_least.extend(f"{section}.{status}" for status, c in counts.items() if not c.complete)
        return {status: c.number for status, c in counts.items()}

    def comments() -> dict[str, Any]:
        counts = count("comments", get_args(Status), store.comments.count_by_status)
        return {**counts, "oldest_pending_seconds": _age(store.comments.find_oldest_pending(), now)}

    def enquiries() -> dict[str, Any]:
        counts = count("enquiries", get_args(EnquiryStatus), store.enquiries.count_by_status)
        return {**counts, "oldest_new_seconds": _age(store.enquiries.find_oldest_new(), now)}

    def mail() -> dict[str, Any]:
        return count("mail", get_args(State), store.outbox_entries.count)

    sections = {"comments": comments, "enquiries": enquiries, "mail": mail}
    seen = _SECTIONS[actor_of(request).role]
    shown = {name: make() if name in seen else None for name, make in sections.items()}
    return as_json(200, {**shown, "at_least": at_least})


def _age(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))
