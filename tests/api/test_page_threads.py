"""Closing a page's thread, and opening it again."""

from typing import Any

import pytest

from chalicelib import threads
from tests.acts import (
    PAGE_ID,
    add_comment,
    assert_recount,
    decide,
    everything_stored,
    post_comment,
    publish,
    read_thread,
)
from tests.stack import Reply, Stack

PAGES = "/v1/staff/pages"


def change(stack: Stack, body: Any, page: str = "/a") -> Reply:
    return stack.call("PATCH", PAGES, body, role="moderator", query={"page": page})


def look(stack: Stack, page: str = "/a") -> Reply:
    return stack.call("GET", PAGES, role="moderator", query={"page": page})


def test_page_tells_its_id_whether_it_is_closed_and_its_count(stack: Stack) -> None:
    assert look(stack).json == {"page": PAGE_ID, "closed": False, "count": 0}
    publish(stack)
    assert look(stack, "https://www.example.org/a/?utm=1").json == {
        "page": PAGE_ID,
        "closed": False,
        "count": 1,
    }


def test_closed_page_takes_no_comment_until_it_is_opened(stack: Stack) -> None:
    publish(stack)
    waits = add_comment(stack, message="Waits.")
    closed = change(stack, {"closed": True})
    assert (closed.status, closed.json) == (200, {"page": PAGE_ID, "closed": True, "count": 1})
    assert look(stack).json == closed.json
    refused = post_comment(stack, message="Late.")
    assert (refused.status, refused.json["code"]) == (409, "page_closed")
    assert post_comment(stack, page="/b").status == 202
    # What was sent before may still be published, and what is published is still shown.
    assert decide(stack, waits, '"1"', status="approved").status == 200
    assert len(read_thread(stack)["comments"]) == 2
    opened = change(stack, {"closed": False})
    assert (opened.status, opened.json["closed"], opened.json["count"]) == (200, False, 2)
    assert post_comment(stack, message="Late.").status == 202
    assert_recount(stack)


@pytest.mark.parametrize("closed", [True, False])
def test_same_again_changes_nothing(stack: Stack, closed: bool) -> None:
    publish(stack)
    if closed:
        change(stack, {"closed": True})
    before = everything_stored(stack)
    again = change(stack, {"closed": closed})
    assert (again.status, again.json["closed"]) == (200, closed)
    assert everything_stored(stack) == before


def test_two_who_close_at_once_are_one_change(stack: Stack) -> None:
    store = stack.desk("staff").store
    seen = store.get_page(PAGE_ID)

    class Late:
        """Looked before the other closed it, closes after."""

        get_page = staticmethod(lambda _page: seen)
        set_page_closed = staticmethod(store.set_page_closed)

    change(stack, {"closed": True})
    before = everything_stored(stack)
    late: Any = Late()
    assert threads.set_closed(PAGE_ID, True, "token:x", stack.now, late).closed
    assert everything_stored(stack) == before


def test_closing_and_opening_is_audited(stack: Stack) -> None:
    for closed in (True, False):
        change(stack, {"closed": closed})
    query = {"subject": f"pages/{PAGE_ID}"}
    entries = stack.call("GET", "/v1/staff/audit", role="admin", query=query).json["entries"]
    assert [(e["action"], e["from"], e["to"], e["actor"]) for e in entries] == [
        ("open", "closed", "open", "token:moderator"),
        ("close", "open", "closed", "token:moderator"),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"closed": None}, {"closed": "true"}, {"closed": 1}, {"closed": True, "x": 1}]
)
def test_bad_change_is_refused(stack: Stack, body: Any) -> None:
    assert change(stack, body).status == 422
    assert look(stack).json["closed"] is False


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "", "a"])
def test_page_of_no_site_of_ours_is_refused(stack: Stack, page: str) -> None:
    for reply in (look(stack, page), change(stack, {"closed": True}, page)):
        assert reply.status == 422
        assert [e["field"] for e in reply.json["errors"]] == ["page"]


def test_page_must_be_named(stack: Stack) -> None:
    assert stack.call("GET", PAGES, role="moderator").status == 422
    assert stack.call("PATCH", PAGES, {"closed": True}, role="moderator").status == 422
