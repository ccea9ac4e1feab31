"""What visitors and staff do, in one line each, for tests on a `Stack`."""

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


def read_thread(stack: Stack, page: str = PAGE, **query: str) -> Any:
    reply = stack.call("GET", "/v1/comments", query={"page": page, **query})
    assert reply.status == 200, reply.text
    return reply.json


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
