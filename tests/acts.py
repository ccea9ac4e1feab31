"""What visitors and staff do, in one line each, for tests on a `Stack`."""

from collections import Counter
from typing import Any

from chalicelib.api.requests import FORM
from chalicelib.decision_links import make_decision_link
from tests.stack import Reply, Stack, template

PAGE = "/a"
PAGE_ID = "example.org/a"
COMMENT = {
    "page": PAGE,
    "name": "Robin Wren",
    "email": "robin.wren@visitor.example",
    "message": "Ninety days today.",
}
ENQUIRY = {"name": "Sam Finch", "email": "sam.finch@visitor.example", "message": "Have you a bed next week?"}


def post_comment(stack: Stack, **fields: Any) -> Reply:
    return stack.call("POST", "/v1/comments", COMMENT | fields)


def post_enquiry(stack: Stack, **fields: Any) -> Reply:
    return stack.call("POST", "/v1/enquiries", ENQUIRY | fields)


def add_comment(stack: Stack, **fields: Any) -> str:
    reply = post_comment(stack, **fields)
    assert reply.status == 202, reply.text
    return str(reply.json["id"])


def decide(stack: Stack, comment_id: str, if_match: str, **change: Any) -> Reply:
    path = f"/v1/staff/comments/{comment_id}"
    return stack.call("PATCH", path, change, role="moderator", if_match=if_match)


def publish(stack: Stack, **fields: Any) -> str:
    comment_id = add_comment(stack, **fields)
    assert decide(stack, comment_id, '"1"', status="approved").status == 200
    return comment_id


def erase(stack: Stack, comment_id: str, **headers: Any) -> Reply:
    return stack.call("DELETE", f"/v1/staff/comments/{comment_id}", role="moderator", **headers)


def answer(stack: Stack, parent_id: str, message: str = "We are glad.", **more: Any) -> Reply:
    """Staff's public answer; a keyword with `_` is a header: `idempotency_key="k"`."""
    headers = {name: more.pop(name) for name in list(more) if "_" in name}
    body = {"message": message, **more}
    return stack.call("POST", f"/v1/staff/comments/{parent_id}/reply", body, role="moderator", **headers)


def change_enquiry(stack: Stack, reference: str, if_match: str, **change: Any) -> Reply:
    path = f"/v1/staff/enquiries/{reference}"
    return stack.call("PATCH", path, change, role="admissions", if_match=if_match)


def read_thread(stack: Stack, page: str = PAGE, **query: str) -> Any:
    reply = stack.call("GET", "/v1/comments", query={"page": page, **query})
    assert reply.status == 200, reply.text
    return reply.json


def assert_recount(stack: Stack, page: str = PAGE) -> list[str]:
    """What the page shows, its count at each place, and how many answers each comment counts, all agree.

    Returns the ids that it shows, oldest first.
    """
    shown: list[dict[str, Any]] = []
    query: dict[str, str] = {"limit": "100"}
    while True:
        thread = read_thread(stack, page, **query)
        shown += thread["comments"]
        if thread["next_cursor"] is None:
            break
        query["cursor"] = thread["next_cursor"]
    page_id = thread["page"]
    items = stack.items("CommentsTable")
    edges = [i for i in items if "approved_count" in i and i["approved_page"]["S"] == page_id]
    counted = [int(edge["approved_count"]["N"]) for edge in edges]
    counted += [thread["count"], stack.desk("staff").store.get_page(page_id).count]
    counted += stack.call("POST", "/v1/comments/counts", {"pages": [page]}).json["counts"].values()
    assert set(counted) <= {len(shown)}, (counted, len(shown))
    assert len(edges) in (0, 2)
    answers = Counter(comment["parent_id"] for comment in shown)
    for item in items:
        if item.get("page_id", {}).get("S") == page_id:
            told = int(item.get("answers", {"N": "0"})["N"])
            # What was erased outside the thread counts no more.
            if "erased_at" not in item or "answers" in item:
                assert told == answers[item["comment_id"]["S"]], item["comment_id"]
            if "erased_at" in item:
                assert ("public_json" in item) is (told > 0)
    return [comment["id"] for comment in shown]


def close_page(stack: Stack, page_id: str = PAGE_ID) -> None:
    item = {"page_id": {"S": page_id}, "closed_at": {"S": "2026-01-01T00:00:00.000Z"}}
    stack.dynamodb.put_item(TableName=stack.table("PagesTable"), Item=item)


def tables() -> list[str]:
    return [name for name, r in template()["Resources"].items() if r["Type"] == "AWS::DynamoDB::Table"]


def everything_stored(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """Every item of every table, in an order that does not depend on the database."""
    return {name: sorted(stack.items(name), key=repr) for name in tables()}


def decision_link(stack: Stack, comment_id: str, revision: int = 1, delivery_id: str = "d01-ab") -> str:
    """The path of a decision link, as the mail function makes it."""
    hasher = stack.desk("mail").link_hasher
    return f"/moderate/{make_decision_link(comment_id, revision, delivery_id, stack.now, hasher)}"


def press(stack: Stack, path: str, status: str) -> Reply:
    """Press one of the buttons of the page that a decision link opens."""
    return stack.call("POST", path, f"status={status}", content_type=FORM)


def comments_stored(stack: Stack) -> int:
    return sum("status" in item for item in stack.items("CommentsTable"))
