"""A WSGI request as API Gateway's proxy event (REST, payload version 1)."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from infra.local.aws import REGION
from infra.local.routing import Match

STAGE = "local"
_API_ARN = f"arn:aws:execute-api:{REGION}:000000000000:frontdesk/{STAGE}"


@dataclass(frozen=True)
class Request:
    """What the gateway needs of a WSGI request, read once."""

    method: str
    raw_path: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str

    @property
    def arn(self) -> str:
        return f"{_API_ARN}/{self.method}/{self.raw_path.removeprefix('/')}"


def read_request(environ: Mapping[str, Any]) -> Request:
    return Request(
        method=environ["REQUEST_METHOD"],
        raw_path=_raw_path(environ),
        path=_as_text(environ.get("PATH_INFO", "") or "/"),
        query=environ.get("QUERY_STRING", ""),
        headers=_headers(environ),
        body=environ["wsgi.input"].read(),
        source_ip=environ.get("REMOTE_ADDR", ""),
    )


def _raw_path(environ: Mapping[str, Any]) -> str:
    target: str = environ.get("REQUEST_URI", "")
    if target.startswith("/"):
        return target.partition("?")[0]
    # An absolute-form target; the server has taken the path out of it, and decoded it.
    return quote(environ.get("PATH_INFO", "") or "/", encoding="latin-1")


def _as_text(wsgi_string: str) -> str:
    """WSGI hands over bytes in the guise of Latin-1."""
    return wsgi_string.encode("latin-1").decode("utf-8", errors="replace")


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").title()] = environ[name]
    return headers


def proxy_event(request: Request, match: Match, authorizer: dict[str, str] | None) -> dict[str, Any]:
    body, is_base64 = _encode_body(request.body)
    values = _query_values(request.query)
    return {
        "resource": match.resource_path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": {name: given[-1] for name, given in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": match.path_parameters or None,
        "stageVariables": None,
        "requestContext": _request_context(request, match, authorizer),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def authorizer_event(request: Request, match: Match) -> dict[str, Any]:
    return {
        "type": "TOKEN",
        "authorizationToken": request.headers["Authorization"],
        "methodArn": request.arn,
        "resource": match.resource_path,
    }


def _request_context(request: Request, match: Match, authorizer: dict[str, str] | None) -> dict[str, Any]:
    context = {
        "httpMethod": request.method,
        "resourcePath": match.resource_path,
        "path": request.path,
        "stage": STAGE,
        "requestId": str(uuid4()),
        "identity": {"sourceIp": request.source_ip, "userAgent": request.headers.get("User-Agent")},
    }
    return context if authorizer is None else {**context, "authorizer": authorizer}


def _encode_body(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), True


def _query_values(query: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(_as_text(query), keep_blank_values=True, errors="replace"):
        values.setdefault(name, []).append(value)
    return values
