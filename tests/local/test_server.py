"""The HTTP server over a real socket: odd requests, many connections, the end."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.errors import CannotRunError
from infra.local.gateway import Gateway
from infra.local.server import HOST, MAX_BODY, Server, bind

from .calls import ORIGIN, ROUTES, StandIn


@pytest.fixture
def port() -> Iterator[int]:
    listener = bind(0)
    server = Server(Gateway(ROUTES, StandIn().invoke, [ORIGIN]), listener)
    server.start()
    yield listener.getsockname()[1]
    server.stop()


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.read()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /%ff%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/comments?%ff=%c3%28 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example//x?y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\xfe\r\nX-Odd: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: brotli\r\n\r\n",
        b"POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/comments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_nothing_that_a_caller_sends_is_a_server_error(port: int, request_bytes: bytes) -> None:
    status, _ = exchange(port, request_bytes)
    assert 200 <= status < 500


@pytest.mark.parametrize(
    ("header", "status"),
    [(f"Content-Length: {MAX_BODY + 1}", 413), ("X-Large: " + "a" * 20_000, 431), ("Content-Length: x", 400)],
)
def test_what_the_server_refuses_is_a_problem_document(port: int, header: str, status: int) -> None:
    answered, body = exchange(port, f"POST /v1/comments HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
    assert answered == status
    assert json.loads(body)["status"] == status


def test_head_leaves_the_connection_usable(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    for method in ("HEAD", "GET", "HEAD"):
        connection.request(method, "/v1/comments")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"" if method == "HEAD" else b"{}")
    connection.close()


def test_many_kept_alive_connections_are_all_answered(port: int) -> None:
    def visit(_: int) -> list[int]:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        statuses = []
        for _ in range(10):
            connection.request("GET", "/v1/comments")
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
        return statuses

    with ThreadPoolExecutor(64) as visitors:
        assert {status for statuses in visitors.map(visit, range(64)) for status in statuses} == {200}


def test_port_in_use_is_said_with_the_remedy(port: int) -> None:
    with pytest.raises(CannotRunError, match=f"Port {port} is in use.*PORT={port + 1} make run"):
        bind(port)


def test_after_the_stop_nobody_listens() -> None:
    listener = bind(0)
    port = listener.getsockname()[1]
    server = Server(Gateway(ROUTES, StandIn().invoke, [ORIGIN]), listener)
    server.start()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), timeout=10)
