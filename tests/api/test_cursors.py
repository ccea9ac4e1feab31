"""A cursor goes on in its own list, unaltered, and nowhere else."""

from hashlib import sha256

import pytest

from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.errors import BadCursor
from chalicelib.privacy.hashing import Hasher
from tests.acts import add_comment, publish, read_thread
from tests.stack import Stack

HASHER = Hasher({"h1": sha256(b"one").digest()})


def test_cursor_altered_in_any_byte_is_refused() -> None:
    cursor = make_cursor(HASHER, "thread/a/oldest", ["2026-03-04T05:06:07.890Z#c01", 7])
    assert cursor is not None
    for index, byte in enumerate(cursor):
        other = "B" if byte != "B" else "C"
        with pytest.raises(BadCursor):
            read_cursor(HASHER, "thread/a/oldest", cursor[:index] + other + cursor[index + 1 :])


def test_end_of_a_list_has_no_cursor_and_no_cursor_is_its_beginning() -> None:
    assert make_cursor(HASHER, "x", None) is None
    assert read_cursor(HASHER, "x", None) is None


def test_cursor_is_bound_to_its_page_and_order(stack: Stack) -> None:
    for page in ("/a", "/b"):
        for n in range(2):
            publish(stack, page=page, message=f"{n}")
    cursor = read_thread(stack, "/a", limit="1")["next_cursor"]
    assert len(read_thread(stack, "/a", limit="1", cursor=cursor)["comments"]) == 1
    for query in ({"page": "/b"}, {"page": "/a", "order": "newest"}, {"page": "/a", "cursor": ""}):
        reply = stack.call("GET", "/v1/comments", query={"cursor": cursor, **query})
        assert (reply.status, reply.json["code"]) == (400, "bad_cursor")


def test_staff_cursor_is_bound_to_status_page_and_order(stack: Stack) -> None:
    for n in range(2):
        add_comment(stack, message=f"{n}")

    def read(**query: str) -> tuple[int, str | None]:
        reply = stack.call("GET", "/v1/staff/comments", role="admin", query=query)
        return reply.status, reply.json.get("next_cursor") or reply.json.get("code")

    status, cursor = read(limit="1")
    assert status == 200
    assert cursor
    assert read(limit="1", cursor=cursor) == (200, None) or read(limit="1", cursor=cursor)[0] == 200
    for query in ({"status": "approved"}, {"page": "/a"}, {"order": "newest"}):
        assert read(cursor=cursor, **query) == (400, "bad_cursor")
    for path in ("/v1/staff/enquiries", "/v1/staff/tokens"):
        reply = stack.call("GET", path, role="admin", query={"cursor": cursor})
        assert (reply.status, reply.json["code"]) == (400, "bad_cursor")
