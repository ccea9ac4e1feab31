"""A page's thread for staff: whether it takes comments, and how many it shows."""

from chalicelib import threads
from chalicelib.api.answers import Answer, as_json
from chalicelib.api.fields import parse, parse_query
from chalicelib.api.requests import Request
from chalicelib.api.schemas import PageChange, PageQuery
from chalicelib.api.staff import actor_of
from chalicelib.showing import show_page
from chalicelib.wiring import Desk


def get_page(request: Request, desk: Desk) -> Answer:
    query = parse_query(PageQuery, request, {"sites": desk.sites})
    return as_json(200, show_page(desk.store.get_page(query.page)))


def patch_page(request: Request, desk: Desk) -> Answer:
    query = parse_query(PageQuery, request, {"sites": desk.sites})
    change = parse(PageChange, request.json_object())
    actor = actor_of(request).id
    thread = threads.set_closed(query.page, change.closed, actor, desk.now(), desk.store)
    return as_json(200, show_page(thread))
