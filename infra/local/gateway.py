"""API Gateway (REST, proxy integration) as a WSGI application: what it does, and no more."""

import gzip
import logging
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from chalicelib.api.routes import STAFF_PATHS
from infra.local.authorization import authorize
from infra.local.events import Request, authorizer_event, proxy_event, read_request
from infra.local.refusals import (
    Refusal,
    cors_headers,
    method_not_allowed,
    problem_body,
    problem_headers,
    unauthenticated,
    unavailable,
)
from infra.local.routing import Match, RouteTable

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Invoke = Callable[[str, dict[str, Any]], Any]

# Bytes, as deployed.
MINIMUM_COMPRESSION_SIZE = 1024

_log = logging.getLogger("local.gateway")

# The connection is the server's business, the length is counted here.
_NOT_THE_FUNCTIONS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Gateway:
    def __init__(
        self, routes: Mapping[str, Mapping[str, Any]], invoke: Invoke, origins: Iterable[str]
    ) -> None:
        self._routes = RouteTable(routes)
        self._invoke = invoke
        self._origins = frozenset(origins)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        request = read_request(environ)
        response = compress(self._answer(request), request.headers.get("Accept-Encoding", ""))
        return write(response, request.method, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            match = self._find(request)
            event = proxy_event(request, match, self._authorize(request, match))
            return self._call(_function_of(match), event)
        except Refusal as refusal:
            return self._refuse(refusal, request)

    def _find(self, request: Request) -> Match:
        match = self._routes.find(request.raw_path)
        if match is None:
            raise Refusal(404)
        if request.method not in match.methods:
            raise method_not_allowed(match.methods)
        return match

    def _authorize(self, request: Request, match: Match) -> dict[str, str] | None:
        if match.methods[request.method].authorizer is None:
            return None
        if "Authorization" not in request.headers:
            raise unauthenticated()
        return authorize(lambda event: self._invoke("authorizer", event), authorizer_event(request, match))

    def _call(self, function: str, event: dict[str, Any]) -> Response:
        try:
            return read_result(self._invoke(function, event))
        except TimeoutError:
            # Throttled, as AWS is where no execution environment is free.
            raise unavailable() from None
        except Exception as error:
            # The type alone: the text of an error may repeat what a visitor wrote.
            _log.error("the %s function failed: %s", function, type(error).__name__)
            raise Refusal(500) from None

    def _refuse(self, refusal: Refusal, request: Request) -> Response:
        headers = {
            **problem_headers(),
            **cors_headers(request.headers.get("Origin"), self._origins),
            **refusal.headers,
        }
        return Response(refusal.status, list(headers.items()), problem_body(refusal.status))


def _function_of(match: Match) -> str:
    return "staff" if match.resource_path in STAFF_PATHS else "public"


def read_result(result: Any) -> Response:
    """Raises where API Gateway would say that the function's answer is malformed."""
    body = result.get("body") or ""
    content = b64decode(body) if result.get("isBase64Encoded") else body.encode()
    return Response(int(result["statusCode"]), _result_headers(result), content)


def _result_headers(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    several = result.get("multiValueHeaders") or {}
    replaced = {name.lower() for name in several}
    single = {
        name: [value] for name, value in (result.get("headers") or {}).items() if name.lower() not in replaced
    }
    headers = [
        (name, _header_value(value))
        for name, values in {**single, **several}.items()
        for value in values
        if name.lower() not in _NOT_THE_FUNCTIONS
    ]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return headers


def _header_value(value: Any) -> str:
    text = str(value)
    if "\r" in text or "\n" in text:
        raise ValueError("a header value has more than one line")
    return text.encode().decode("latin-1")


def compress(response: Response, accepted: str) -> Response:
    """As API Gateway does where MinimumCompressionSize is set: by what the client accepts, whatever the type.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
    """
    codings = [coding.replace(" ", "").lower() for coding in accepted.split(",")]
    refused = {"gzip;q=0", "gzip;q=0.0"}
    wanted = any(c.partition(";")[0] == "gzip" and c not in refused for c in codings)
    if not wanted or len(response.body) < MINIMUM_COMPRESSION_SIZE:
        return response
    headers = [*response.headers, ("Content-Encoding", "gzip")]
    return replace(response, headers=headers, body=gzip.compress(response.body, 6, mtime=0))


def write(response: Response, method: str, start_response: StartResponse) -> list[bytes]:
    headers = list(response.headers)
    has_body = response.status not in (204, 304)
    if has_body:
        headers.append(("Content-Length", str(len(response.body))))
    start_response(f"{response.status} {_reason(response.status)}", headers)
    return [response.body] if has_body and method != "HEAD" else []


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
