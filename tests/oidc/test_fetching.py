"""One document comes from where it was asked for, whole and small, or not at all."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPSConnection

import pytest

from chalicelib.oidc import fetching
from chalicelib.oidc.fetching import CannotFetch, fetch
from tests.issuers import KeyServer, key_server


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


def test_document_is_fetched_by_its_path(server: KeyServer) -> None:
    server.body = b'{"keys": []}'
    assert fetch(f"{server.url}/pool/.well-known/jwks.json") == server.body
    assert fetch(server.url) == server.body
    assert server.asked == ["/pool/.well-known/jwks.json", "/"]


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 404, 500, 503])
def test_no_other_status_will_do_and_no_redirect_is_followed(server: KeyServer, status: int) -> None:
    server.status, server.headers = status, {"Location": f"{server.url}/elsewhere"}
    with pytest.raises(CannotFetch, match=f"status {status}"):
        fetch(server.url)
    assert len(server.asked) == 1


@pytest.mark.parametrize(("size", "comes"), [(64 * 1024, True), (64 * 1024 + 1, False), (3_000_000, False)])
def test_document_has_at_most_64_kib(server: KeyServer, size: int, comes: bool) -> None:
    server.body = b"x" * size
    if comes:
        assert len(fetch(server.url)) == size
    else:
        with pytest.raises(CannotFetch, match="too large"):
            fetch(server.url)


def test_proxies_of_the_environment_are_not_asked(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.body = b"{}"
    assert fetch(server.url) == b"{}"


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Takes one connection and lets `answer` have it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join()
    listener.close()


def test_issuer_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "https://nowhere.invalid/x"):
        with pytest.raises(CannotFetch):
            fetch(url)


def test_issuer_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SECONDS_A_STEP", 0.05)
    gone = threading.Event()
    with raw_server(lambda _: bool(gone.wait(20))) as url:  # type: ignore[arg-type]
        with pytest.raises(CannotFetch, match="TimeoutError"):
            fetch(url)
        gone.set()


def test_issuer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte starts the socket's own time-out anew."""
    monkeypatch.setattr(fetching, "_SECONDS_IN_ALL", 0.2)
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not gone.wait(0.02):
            try:
                connection.sendall(b"x")
            except OSError:
                return

    with raw_server(drip) as url:
        started = time.monotonic()
        with pytest.raises(CannotFetch, match="too slow"):
            fetch(url)
        assert time.monotonic() - started < 10
        gone.set()


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"],
)
def test_what_is_no_http_is_an_error_or_no_set_of_keys(answer: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with raw_server(say) as url, suppress(CannotFetch):
        assert fetch(url) in (b"", b"{}")


def test_https_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers there says who is staff."""
    contexts: list[ssl.SSLContext] = []

    class Connection(HTTPSConnection):
        def connect(self) -> None:
            contexts.append(self._context)  # type: ignore[attr-defined]
            raise ConnectionRefusedError

    monkeypatch.setattr(fetching, "HTTPSConnection", Connection)
    with pytest.raises(CannotFetch):
        fetch("https://login.example.org/keys")
    [context] = contexts
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
