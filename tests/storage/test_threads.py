"""A page's thread: each approved comment once, in either order, with the right count and end."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import to_attributes
from tests.acts import PAGE_ID, add_comment, decide, publish, read_thread
from tests.faults import desk_on
from tests.stack import Stack

LIMIT = 3
ORDERS = ["oldest", "newest"]


def fill(stack: Stack, page: str, size: int) -> list[str]:
    """Put `size` approved comments on `page` without the API; return their ids, oldest first."""
    store = stack.desk("staff").store
    table: CommentsTable = store.comments
    first = table.get(add_comment(stack, message=f"the pattern for {page}"))
    made = [
        replace(
            first,
            id=f"{first.id}{n}",
            page_id=f"example.org{page}",
            status="approved",
            created_at=first.created_at + timedelta(seconds=n // 2),
        )
        for n in range(size)
    ]
    for comment in made:
        item = to_attributes(table._to_item(comment))
        stack.dynamodb.put_item(TableName=stack.table("CommentsTable"), Item=item)
    if size:
        store.database.transact(store.threads.move_edges(f"example.org{page}", size))
    return [comment.id for comment in made]


def walk(stack: Stack, page: str, **query: str) -> list[dict[str, Any]]:
    stretches = [read_thread(stack, page, **query)]
    while cursor := stretches[-1]["next_cursor"]:
        stretches.append(read_thread(stack, page, cursor=cursor, **query))
        assert len(stretches) < 50
    return stretches


def ids_of(stretches: list[dict[str, Any]]) -> list[str]:
    return [comment["id"] for stretch in stretches for comment in stretch["comments"]]


class ToTheLimit:
    """DynamoDB as it is: it says where to go on whenever it stopped at the limit, even if nothing follows."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        if len(answer["Items"]) == request["Limit"]:
            answer.setdefault("LastEvaluatedKey", {"comment_id": {"S": "the last"}})
        return answer


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 2 * LIMIT, 2 * LIMIT + 1])
def test_thread_ends_exactly_where_its_comments_end(stack: Stack, size: int, order: str) -> None:
    ids = fill(stack, "/a", size)
    stack._desks["public"] = desk_on(stack, "public", ToTheLimit(stack.dynamodb))
    stretches = walk(stack, "/a", order=order, limit=str(LIMIT))
    assert ids_of(stretches) == (ids if order == "oldest" else ids[::-1])
    assert [len(s["comments"]) for s in stretches[:-1]] == [LIMIT] * (len(stretches) - 1)
    assert len(stretches) == max(1, -(-size // LIMIT))
    assert {s["count"] for s in stretches} == {size}


@pytest.mark.parametrize("order", ORDERS)
def test_threads_of_neighbouring_pages_do_not_mix(stack: Stack, order: str) -> None:
    ids = {page: fill(stack, page, 2) for page in ("/a", "/a/b", "/b", "/")}
    for page, expected in ids.items():
        assert sorted(ids_of(walk(stack, page, order=order, limit="1"))) == sorted(expected)


class OneMegabyte:
    """DynamoDB when items are big: it stops before the limit, and says where to go on."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def query(self, **request: Any) -> Any:
        return self._client.query(**request | {"Limit": min(2, request.get("Limit", 2))})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_thread_goes_on_where_dynamodb_stopped_early(stack: Stack, order: str, size: int) -> None:
    ids = fill(stack, "/a", size)
    stack._desks["public"] = desk_on(stack, "public", OneMegabyte(stack.dynamodb))
    stretches = walk(stack, "/a", order=order, limit="50")
    assert ids_of(stretches) == (ids if order == "oldest" else ids[::-1])
    assert {s["count"] for s in stretches} == {size}


@pytest.mark.parametrize("order", ORDERS)
def test_staff_list_goes_on_where_dynamodb_stopped_early(stack: Stack, order: str) -> None:
    ids = [add_comment(stack, message=f"{n}") for n in range(5)]
    stack._desks["staff"] = desk_on(stack, "staff", OneMegabyte(stack.dynamodb))
    seen: list[str] = []
    query = {"order": order, "limit": "50"}
    while True:
        answer = stack.call("GET", "/v1/staff/comments", role="moderator", query=query).json
        seen += [comment["id"] for comment in answer["comments"]]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert sorted(seen) == sorted(ids)


@pytest.mark.parametrize("order", ORDERS)
def test_thread_whose_comments_went_between_two_requests_ends(stack: Stack, order: str) -> None:
    ids = [publish(stack, message=f"{n}") for n in range(2)]
    first = read_thread(stack, order=order, limit="1")
    for comment_id in ids:
        assert decide(stack, comment_id, '"2"', status="rejected").status == 200
    rest = read_thread(stack, order=order, limit="1", cursor=first["next_cursor"])
    assert (rest["comments"], rest["next_cursor"], rest["count"]) == ([], None, 0)


def test_index_that_the_public_reads_holds_no_private_attribute(stack: Stack) -> None:
    publish(stack)
    add_comment(stack, message="Waits.")
    found = stack.dynamodb.scan(TableName=stack.table("CommentsTable"), IndexName="approved-by-page")["Items"]
    names = {name for item in found for name in item}
    assert names == {"comment_id", "approved_page", "position", "public_json", "approved_count"}
    shown = [json.loads(item["public_json"]["S"]) for item in found if "public_json" in item]
    assert [set(comment) for comment in shown] == [
        {"id", "parent_id", "name", "text", "html", "created_at", "staff"}
    ]


def test_approving_and_rejecting_leaves_the_edges_even(stack: Stack) -> None:
    comment_id = publish(stack)
    edges = [i for i in stack.items("CommentsTable") if "approved_count" in i]
    assert sorted(i["position"]["S"] for i in edges) == ["!", "~"]
    assert [i["approved_count"]["N"] for i in edges] == ["1", "1"]
    decide(stack, comment_id, '"2"', status="pending")
    edges = [i for i in stack.items("CommentsTable") if "approved_count" in i]
    assert [i["approved_count"]["N"] for i in edges] == ["0", "0"]
    assert {i["approved_page"]["S"] for i in edges} == {PAGE_ID}
