"""A gateway over stand-in functions, and the WSGI calls that tests make to it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes

from infra.local.gateway import Gateway

ORIGIN = "http://127.0.0.1:8000"
OPEN = SimpleNamespace(authorizer=None)
GUARDED = SimpleNamespace(authorizer="authorizer")
ROUTES = {
    "/": {"GET": OPEN},
    "/v1/comments": {"GET": OPEN, "HEAD": OPEN, "POST": OPEN},
    "/v1/comments/counts": {"POST": OPEN},
    "/v1/staff/comments": {"GET": GUARDED},
    "/v1/staff/comments/{comment_id}": {"GET": GUARDED, "PATCH": GUARDED},
    "/v1/staff/comments/bulk": {"POST": GUARDED},
    "/moderate/{token}": {"GET": OPEN},
}


def policy(effect: str, *resources: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": list(resources)}
    return {
        "principalId": "token:1",
        "context": {"role": "moderator", "urgent": True},
        "policyDocument": {"Statement": [statement]},
    }


class StandIn:
    """The functions behind the gateway: keeps every event, answers what it is told to."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.result: Any = {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
        self.authorize: Callable[[], Any] = lambda: policy("Allow", "*")

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        self.events.append((function, event))
        if function == "authorizer":
            return self.authorize()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    @property
    def called(self) -> list[str]:
        return [function for function, _ in self.events]

    @property
    def event(self) -> dict[str, Any]:
        return self.events[-1][1]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["Content-Type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document.keys() == {"type", "title", "status", "detail", "code", "errors"}
        assert document["status"] == self.status
        return document


def call(functions: StandIn, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """`headers` are named as in WSGI, without HTTP_."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name}": value for name, value in headers.items()},
    }
    started: list[Any] = []
    gateway = Gateway(ROUTES, functions.invoke, [ORIGIN])
    chunks = gateway(environ, lambda status, fields: started.extend([status, fields]))
    return Answer(int(started[0].split()[0]), dict(started[1]), b"".join(chunks))
