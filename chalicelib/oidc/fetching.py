"""Fetching one small document from a fixed address: no redirect, no proxy, no more than it should be."""

import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

_MOST_BYTES = 64 * 1024
# The authorizer has 10 s in all; somebody is waiting.
_SECONDS_A_STEP = 2
_SECONDS_IN_ALL = 4


class CannotFetch(Exception):
    """It did not come, or not as it should: the message says which, and holds nothing that came."""


def fetch(url: str) -> bytes:
    """GET `url`. Raises CannotFetch."""
    parts = urlsplit(url)
    make = HTTPConnection if parts.scheme == "http" else HTTPSConnection
    connection = make(parts.hostname or "", parts.port, timeout=_SECONDS_A_STEP)
    try:
        return _get(connection, parts.path or "/")
    except (OSError, HTTPException) as error:
        raise CannotFetch(type(error).__name__) from None
    finally:
        connection.close()


def _get(connection: HTTPConnection, path: str) -> bytes:
    deadline = time.monotonic() + _SECONDS_IN_ALL
    connection.request("GET", path, headers={"Accept": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        raise CannotFetch(f"status {response.status}")
    content = b""
    # Bit by bit: a time-out of the socket starts anew with each byte that comes.
    while chunk := response.read1(_MOST_BYTES):
        content += chunk
        if len(content) > _MOST_BYTES:
            raise CannotFetch("too large")
        if time.monotonic() > deadline:
            raise CannotFetch("too slow")
    return content
