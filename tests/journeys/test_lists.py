"""What a page shows: order, cursors, counts, caching."""

from typing import Any

import httpx
import pytest

from .stories import (
    COMMENTS,
    Auth,
    a_page,
    approve,
    bad_fields,
    counts,
    post_comment,
    problem,
    publish_comment,
    queue,
    thread,
    walk,
)

pytestmark = pytest.mark.journey

Busy = tuple[str, list[str]]


@pytest.fixture(scope="module")
def busy(client: httpx.Client, moderator: Auth) -> Busy:
    """A page with 25 approved comments, and their ids, oldest first; another is pending."""
    page = a_page()
    ids = [post_comment(client, page, message=f"Day {day}")["id"] for day in range(25)]
    for comment_id in reversed(ids):  # the order is that of writing, not of approving
        approve(client, moderator, comment_id)
    post_comment(client, page, message="Not yet")
    return page, ids


def shown_ids(answer: dict[str, Any]) -> list[str]:
    return [comment["id"] for comment in answer["comments"]]


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_cursors_show_each_comment_exactly_once(client: httpx.Client, busy: Busy, order: str) -> None:
    page, ids = busy
    answers = list(walk(client, COMMENTS, "comments", page=page, limit=10, order=order))
    assert [len(answer["comments"]) for answer in answers] == [10, 10, 5]
    assert [answer["count"] for answer in answers] == [25, 25, 25]
    assert answers[-1]["next_cursor"] is None
    walked = [comment_id for answer in answers for comment_id in shown_ids(answer)]
    assert walked == (ids if order == "oldest" else ids[::-1])


@pytest.mark.parametrize("limit", [5, 25])
def test_last_page_that_is_full_has_no_next_cursor(client: httpx.Client, busy: Busy, limit: int) -> None:
    answers = list(walk(client, COMMENTS, "comments", page=busy[0], limit=limit))
    assert [len(answer["comments"]) for answer in answers] == [limit] * (25 // limit)


def test_oldest_first_is_the_default(client: httpx.Client, busy: Busy) -> None:
    page, ids = busy
    shown = thread(client, page)
    assert shown_ids(shown) == ids
    assert set(shown) == {"page", "count", "comments", "next_cursor"}


def test_cursor_works_when_limit_changes_between_requests(client: httpx.Client, busy: Busy) -> None:
    page, ids = busy
    first = thread(client, page, limit=7)
    second = thread(client, page, limit=100, cursor=first["next_cursor"])
    assert shown_ids(first) + shown_ids(second) == ids


def test_comment_approved_while_someone_pages_moves_nothing(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    ids = [publish_comment(client, moderator, page, message=f"Day {day}") for day in range(4)]
    first = thread(client, page, limit=2)
    late = publish_comment(client, moderator, page, message="Day 4")
    rest = thread(client, page, limit=10, cursor=first["next_cursor"])
    assert shown_ids(first) + shown_ids(rest) == [*ids, late]


@pytest.mark.parametrize("limit", [1, 100])
def test_limit_may_be_1_to_100(client: httpx.Client, busy: Busy, limit: int) -> None:
    assert len(thread(client, busy[0], limit=limit)["comments"]) == min(limit, 25)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"order": "sideways"}, "order"),
        ({"page": "https://xcanaryx.example.org/"}, "page"),
        ({"page": ""}, "page"),
    ],
    ids=str,
)
def test_bad_query_is_refused(client: httpx.Client, query: dict[str, str], field: str) -> None:
    # The contract names no code for a bad query; a bad field is what comes nearest.
    response = client.get(COMMENTS, params={"page": "/", **query})
    assert bad_fields(response) == {field}
    assert "xcanaryx" not in response.text


def test_list_without_a_page_is_refused(client: httpx.Client) -> None:
    assert bad_fields(client.get(COMMENTS)) == {"page"}


# ---- cursors that are not this list's


def test_altered_cursor_is_refused(client: httpx.Client, busy: Busy) -> None:
    cursor = thread(client, busy[0], limit=10)["next_cursor"]
    for at in (0, len(cursor) // 3, len(cursor) // 2):
        altered = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        response = client.get(COMMENTS, params={"page": busy[0], "cursor": altered})
        problem(response, 400, "bad_cursor")
        assert altered not in response.text


@pytest.mark.parametrize(
    "cursor",
    ["x", "0", "é", "a.b.c", "=" * 40, "\x00", "{}", "A" * 3000],
    ids=lambda cursor: ascii(cursor)[:20],
)
def test_made_up_cursor_is_refused(client: httpx.Client, busy: Busy, cursor: str) -> None:
    problem(client.get(COMMENTS, params={"page": busy[0], "cursor": cursor}), 400, "bad_cursor")


def test_cursor_of_another_list_is_refused(client: httpx.Client, busy: Busy, moderator: Auth) -> None:
    page, _ = busy
    mine = thread(client, page, limit=10)["next_cursor"]
    for other in ({"page": a_page()}, {"page": page, "order": "newest"}):
        problem(client.get(COMMENTS, params={**other, "cursor": mine}), 400, "bad_cursor")
    staff = client.get(
        "/v1/staff/comments", headers=moderator, params={"status": "approved", "page": page, "cursor": mine}
    )
    problem(staff, 400, "bad_cursor")


# ---- caching


def test_unchanged_page_is_304(client: httpx.Client, busy: Busy) -> None:
    first = client.get(COMMENTS, params={"page": busy[0]})
    etag = first.headers["etag"]
    for header in (etag, f'"another", {etag}', "*"):
        again = client.get(COMMENTS, params={"page": busy[0]}, headers={"If-None-Match": header})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert "public" in again.headers["cache-control"]
    other = client.get(COMMENTS, params={"page": busy[0]}, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.json()) == (200, first.json())


def test_etag_changes_with_each_approval(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    before = client.get(COMMENTS, params={"page": page}).headers["etag"]
    publish_comment(client, moderator, page)
    after = client.get(COMMENTS, params={"page": page}, headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before


def test_list_may_be_cached_for_a_short_time(client: httpx.Client) -> None:
    control = client.get(COMMENTS, params={"page": a_page()}).headers["cache-control"]
    directives = dict(part.strip().partition("=")[::2] for part in control.split(","))
    assert "public" in directives
    assert 0 < int(directives["max-age"]) <= 300


# ---- counts


def test_counts_are_keyed_by_the_page_as_sent(client: httpx.Client, busy: Busy, site: str) -> None:
    page, _ = busy
    spellings = [page, f"{page}/", f"http://{site}{page}", f"{page}?utm_source=x", f"{page}/index.html#top"]
    empty = a_page()
    assert counts(client, [*spellings, empty]) == {**dict.fromkeys(spellings, 25), empty: 0}


def test_counts_take_at_most_100_pages(client: httpx.Client) -> None:
    pages = [a_page() for _ in range(101)]
    assert len(counts(client, pages[:100])) == 100
    assert bad_fields(client.post(f"{COMMENTS}/counts", json={"pages": pages})) == {"pages"}


@pytest.mark.parametrize("pages", [["https://xcanaryx.example.org/"], "/", [7], [None], None, {}], ids=str)
def test_bad_pages_are_refused(client: httpx.Client, pages: Any) -> None:
    response = client.post(f"{COMMENTS}/counts", json={"pages": pages})
    assert bad_fields(response) == {"pages"}
    assert "xcanaryx" not in response.text


def test_pending_list_has_what_the_page_does_not_show(
    client: httpx.Client, busy: Busy, moderator: Auth
) -> None:
    (pending,) = queue(client, moderator, page=busy[0])
    assert pending["text"] == "Not yet"
    assert len(queue(client, moderator, page=busy[0], status="approved")) == 25
