"""The stack as the bench plays it: each function's settings, what the stub answers, and the events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from bench.words import prose
from chalicelib.comments import Comment
from chalicelib.config import Settings
from chalicelib.privacy.keys import make_documents
from infra.functions import FUNCTIONS

REGION = "us-east-1"
SITE = "https://www.example.org"
PAGE = "example.org/stories"
TOKEN = "token:bench"  # noqa: S105 - whom the authorizer would have named
_TABLES = [name for name in Settings.model_fields if name.endswith("_table")]
LENGTH = 300
FIRST = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def environment(function: str, endpoint: str, site: str = "bench") -> dict[str, str]:
    """As the deployed stack sets it: keys are SSM parameters."""
    settings = {
        "STAGE": "prod",
        "FUNCTION": function,
        "PUBLIC_URL": "https://api.example.org",
        "SITES": SITE,
        "MODERATORS": "moderators@example.org",
        "TOPICS": '{"admissions": ["admissions@example.org"]}',
        "MAIL_SENDER": "desk@example.org",
        "MAIL_CONFIGURATION_SET": "desk",
        "MAIL_QUEUE_URL": f"{endpoint}/000000000000/mail",
        "MAIL_DEAD_LETTER_QUEUE_URL": f"{endpoint}/000000000000/dead",
        "RATE_LIMIT": "1000000",
        "KEYS_PARAMETER": "/frontdesk/bench/keys",
        **{name.upper(): table_name(name.removesuffix("_table"), site) for name in _TABLES},
    }
    if any(known.opens_sealed for known in FUNCTIONS if known.name == function):
        settings["PRIVATE_KEYS_PARAMETER"] = "/frontdesk/bench/private-keys"
    return settings | aws_environment(endpoint)


def aws_environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def table_name(table: str, site: str = "bench") -> str:
    return f"frontdesk-{site}-{table}"


def handler_of(function: str) -> str:
    return next(known.handler for known in FUNCTIONS if known.name == function)


def approved(number: int, page: str = PAGE) -> Comment:
    """The `number`th approved comment of a page."""
    own_id, at = place_of(number)
    text = prose(LENGTH, number)
    return Comment(
        id=own_id,
        page_id=page,
        parent_id=None,
        name="Jo Ibis",
        email="jo@example.com",
        author_hmac="h",
        original_text=text,
        text=text,
        notify=False,
        status="approved",
        priority="normal",
        reasons=(),
        created_at=at,
        request_hash="r",
    )


def place_of(number: int) -> tuple[str, datetime]:
    """The id and the moment of the `number`th comment."""
    return f"c{number:026d}", FIRST + timedelta(seconds=number)


_COMMENTS = table_name("comments")


def pending_of(comment: Comment) -> Comment:
    return replace(comment, status="pending")


@dataclass
class Scene:
    """What the stub answers with; `pending` is the last comment that was put, as DynamoDB has it."""

    documents: tuple[str, str] = field(default_factory=make_documents)
    thread: list[dict[str, Any]] = field(default_factory=lambda: thread_items(100))
    pending: dict[str, Any] = field(default_factory=dict)

    def answer(self, operation: str, body: Any) -> Any:
        makers: dict[str, Callable[[Any], Any]] = {
            "TransactWriteItems": self._keep,
            "GetParameter": lambda sent: {"Parameter": {"Value": self.documents["private" in sent["Name"]]}},
            "Query": self._query,
            "GetItem": lambda sent: {"Item": self.pending} if sent["TableName"] == _COMMENTS else {},
            "BatchGetItem": _counts,
            "SendMessageBatch": _all_sent,
            "/v2/email/account": lambda _: {"SendQuota": {"MaxSendRate": 14.0}},
        }
        make = makers.get(operation)
        return make(body) if make else {}

    def _query(self, body: Any) -> Any:
        items = self.thread if body.get("IndexName") == "approved-by-page" else []
        return {"Items": items, "Count": len(items)}

    def _keep(self, body: Any) -> Any:
        puts = [item["Put"] for item in body["TransactItems"] if "Put" in item]
        kept = [put["Item"] for put in puts if put["TableName"] == _COMMENTS]
        if kept:
            self.pending = kept[0]
        return {}


def _counts(body: Any) -> Any:
    [(table, wanted)] = body["RequestItems"].items()
    items = [{**key, "approved_count": {"N": "12"}} for key in wanted["Keys"]]
    return {"Responses": {table: items}, "UnprocessedKeys": {}}


def _all_sent(body: Any) -> Any:
    return {
        "Successful": [{"Id": e["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for e in body["Entries"]]
    }


def thread_items(number: int) -> list[dict[str, Any]]:
    """What a Query on the page's thread brings: an edge and so many comments."""
    edge = {"approved_count": {"N": str(number)}}
    return [edge, *(thread_item(approved(n)) for n in range(number))]


def thread_item(comment: Comment) -> dict[str, Any]:
    """With the attributes that the code asks for."""
    return {"public_json": {"S": comment.public_json()}}


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    query: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
    role: str | None = None,
    **headers: str,
) -> dict[str, Any]:
    """A proxy event of API Gateway. `path` is as declared: /v1/staff/comments/{comment_id}."""
    sent = {name.replace("_", "-").title(): value for name, value in headers.items()}
    sent |= {"Host": "api.example.org", "Origin": SITE, "User-Agent": "Mozilla/5.0 (bench)"}
    if body is not None:
        sent["Content-Type"] = "application/json"
    context: dict[str, Any] = {
        "httpMethod": method,
        "resourcePath": path,
        "path": path,
        "stage": "bench",
        "requestId": str(uuid4()),
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "Mozilla/5.0 (bench)"},
    }
    if role:
        context["authorizer"] = {"principalId": TOKEN, "role": role}
    raw = body if isinstance(body, str) or body is None else json.dumps(body, ensure_ascii=False)
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": context,
        "body": raw,
        "isBase64Encoded": False,
    }


def post_comment(number: int, message: str | None = None, page: str = "/stories") -> dict[str, Any]:
    text = prose(LENGTH, number) if message is None else message
    return call(
        "POST", "/v1/comments", {"page": page, "name": "Jo Ibis", "email": "jo@example.com", "message": text}
    )


def post_enquiry(number: int) -> dict[str, Any]:
    body = {
        "name": "Al Ibis",
        "email": "al@example.com",
        "message": prose(LENGTH, number),
        "phone": "555 0100",
    }
    return call("POST", "/v1/enquiries", body)


def get_thread(_number: int, page: str = "/stories") -> dict[str, Any]:
    return call("GET", "/v1/comments", query={"page": page, "limit": "100"})


def get_counts(_number: int) -> dict[str, Any]:
    return call("POST", "/v1/comments/counts", {"pages": [f"/page-{n}" for n in range(50)]})


def approve(_number: int, comment_id: str = "c1") -> dict[str, Any]:
    return call(
        "PATCH",
        "/v1/staff/comments/{comment_id}",
        {"status": "approved"},
        parameters={"comment_id": comment_id},
        role="moderator",
        if_match="*",
    )


def list_queue(_number: int) -> dict[str, Any]:
    return call("GET", "/v1/staff/comments", role="moderator")


def too_large(_number: int) -> dict[str, Any]:
    return post_comment(0, "x" * 40_000)


# The first event of each function: what a cold start makes somebody wait for.
FIRST_EVENTS: dict[str, Any] = {
    "public": post_comment(0),
    "staff": list_queue(0),
    "authorizer": {
        "type": "TOKEN",
        "authorizationToken": f"Bearer fd_t{'0' * 26}_{'A' * 43}",
        "methodArn": "arn:aws:execute-api:us-east-1:1:api1/prod/GET/v1/staff/comments",
    },
    "relay": {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"Keys": {"outbox_id": {"S": "o1"}}, "SequenceNumber": "1"}}
        ]
    },
    "mail": {"Records": [{"messageId": "m1", "body": "o1"}]},
    "delivery_events": {"Records": []},
    "housekeeping": {},
}
