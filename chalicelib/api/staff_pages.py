"""A page's thread for staff: whether it takes comments, and how many it shows."""

from chalicelib import threads
from chalicelib.api.answers import Answer, as_json
from chalicelib.api.fields import parse, parse_query
from chalicelib.api.requests import Request
from chalicelib.api.schemas import PageChange, PageQuery
from chalicelib.api.staff import actor_of
from chalicelib.threads import PageThread
from chalicelib.wiring import Desk


def get_page(request: Request, desk: Desk) -> Answer:
    query = parse_query(PageQuery, request, {"sites": desk.sites})
    return _show(desk.store.get_page(query.page))


def patch_page(request: Request, desk: Desk) -> Answer:
    query = parse_query(PageQuery, request, {"sites": desk.sites})
    change = parse(PageChange, request.json_object())
    actor = actor_of(request).id
    return _show(threads.set_closed(query.page, change.closed, actor, desk.now(), desk.store))


def _show(thread: PageThread) -> Answer:
    return as_json(200, {"page": thread.page_id, "closed": thread.closed, "count": thread.count})
