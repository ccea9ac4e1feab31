"""Akismet over HTTPS: one question to one address; no redirect, no proxy, a few bytes of answer, two seconds.

The fields, and `true` or `false` as the answer: https://akismet.com/developers/detailed-docs/comment-check/.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from threading import Thread
from urllib.parse import urlencode, urlsplit

URL = "https://rest.akismet.com/1.1/comment-check"
_SECONDS = 2.0
# Whoever does not answer once is not waited for again at once: others' mail may be in the same batch.
_REST_SECONDS = 60.0
_MOST_BYTES = 16
# Akismet requires an address. The visitor's own is kept nowhere; WordPress puts this where it knows none.
_NO_IP = "127.0.0.1"


class CannotAsk(Exception):
    """There is no answer: the message says why in our own words, and holds nothing that came."""


class Akismet:
    """Asks under `key`, which is empty where it could not be read. `clock` gives seconds, never less."""

    def __init__(
        self, key: str, *, blog: str, is_test: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = key
        self._blog = blog
        self._is_test = is_test
        self._clock = clock
        self._rests_until: float | None = None

    def takes_for_spam(self, fields: Mapping[str, str]) -> bool:
        """`fields` are Akismet's own of a comment. Raises CannotAsk within two seconds."""
        if not self._key:
            raise CannotAsk("no key")
        if self._rests_until is not None and self._clock() < self._rests_until:
            raise CannotAsk("resting")
        asked = {"api_key": self._key, "blog": self._blog, "user_ip": _NO_IP, "comment_type": "comment"}
        test = {"is_test": "1"} if self._is_test else {}
        try:
            return _read(_post(urlencode({**asked, **fields, **test}).encode()))
        except CannotAsk:
            self._rests_until = self._clock() + _REST_SECONDS
            raise


def _read(answer: bytes) -> bool:
    match answer.strip():
        case b"true":
            return True
        case b"false":
            return False
    # "invalid" is what a wrong key gets.
    raise CannotAsk("not understood")


def _post(body: bytes) -> bytes:
    """In a thread: no time-out of a socket bounds the look-up of a name, or an answer that drips."""
    parts = urlsplit(URL)
    make = HTTPConnection if parts.scheme == "http" else HTTPSConnection
    connection = make(parts.hostname or "", parts.port, timeout=_SECONDS)
    came: SimpleQueue[bytes | CannotAsk] = SimpleQueue()
    Thread(target=lambda: came.put(_exchange(connection, parts.path, body)), daemon=True).start()
    try:
        answer = came.get(timeout=_SECONDS)
    except Empty:
        with suppress(OSError, AttributeError):
            # Ends the thread too.
            connection.sock.shutdown(SHUT_RDWR)
        raise CannotAsk("too slow") from None
    if isinstance(answer, CannotAsk):
        raise answer
    return answer


def _exchange(connection: HTTPConnection, path: str, body: bytes) -> bytes | CannotAsk:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Frontdesk | Akismet"}
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        if response.status != 200:
            return CannotAsk(f"status {response.status}")
        return response.read(_MOST_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        return CannotAsk(type(error).__name__)
    finally:
        connection.close()
