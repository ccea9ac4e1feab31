"""Puts comments into an engine's tables, many at once and as the code would have put them.

Each is a copy of one that the code made, under an id and a moment of its own: sealing each would take
minutes. So would the SDK, which is passed by: DynamoDB Local checks no signature.
"""

import http.client
import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from threading import Lock
from urllib.parse import urlsplit

from bench import scene
from chalicelib.comments import Comment
from chalicelib.privacy.keys import read_keys
from chalicelib.privacy.sealing import Sealer
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import Database
from chalicelib.storage.seal import Seal
from chalicelib.times import to_text

# The most that BatchWriteItem takes.
_BATCH = 25
_CONNECTIONS = 2
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


class Seed:
    """The comments table of one site; `keys` is the document that they are sealed under."""

    def __init__(self, engine: str, keys: str, site: str) -> None:
        self._engine = urlsplit(engine).netloc
        self._table = scene.table_name("comments", site)
        seal = Seal(Sealer(read_keys(keys).sealing_keys), None)
        # It only makes items here, so it needs no client.
        database = Database(None, lambda: scene.FIRST)
        self._comments = CommentsTable(database, self._table, timedelta(days=30), seal)
        self._number = 0
        self._on_site = 0
        self._waiting = 0

    def page(self, page: str, size: int) -> None:
        self._put(self._page(page, size))

    def site(self, size: int) -> None:
        """Other pages, of 100 comments each, until the site has `size`."""
        wanted = range(self._on_site, size, 100)
        self._put(item for start in wanted for item in self._page(f"example.org/other-{start}", 100))

    def queue(self, size: int) -> None:
        """Comments that wait, until there are `size` of them."""
        waiting = scene.pending_of(scene.approved(self._waiting))
        self._put(self._like(waiting, size - self._waiting))
        self._waiting = size

    def _page(self, page: str, size: int) -> Iterator[str]:
        self._on_site += size
        yield from self._like(scene.approved(0, page), size)
        for edge in "!~":
            yield json.dumps(
                {
                    "comment_id": {"S": f"edge{edge}{page}"},
                    "approved_page": {"S": page},
                    "position": {"S": edge},
                    "approved_count": {"N": str(size)},
                }
            )

    def _like(self, pattern: Comment, count: int) -> Iterator[str]:
        """The same comment again under other ids, each a second later, as JSON."""
        written = json.dumps(self._comments.put_new(pattern).action["Put"]["Item"], default=_as_text)
        old_at = to_text(pattern.created_at)
        for _ in range(count):
            self._number += 1
            new_id, new_at = scene.place_of(self._number)
            yield written.replace(pattern.id, new_id).replace(old_at, to_text(new_at))

    def _put(self, items: Iterator[str]) -> None:
        """Over two connections: one alone leaves the engine waiting for us half of the time."""
        taking = Lock()

        def take() -> list[str]:
            with taking:
                return list(islice(items, _BATCH))

        def write_all() -> None:
            connection = http.client.HTTPConnection(self._engine)
            while batch := take():
                self._write(connection, batch)
            connection.close()

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            for done in [pool.submit(write_all) for _ in range(_CONNECTIONS)]:
                done.result()

    def _write(self, connection: http.client.HTTPConnection, batch: list[str]) -> None:
        requests = ",".join(f'{{"PutRequest":{{"Item":{item}}}}}' for item in batch)
        body = f'{{"RequestItems":{{"{self._table}":[{requests}]}}}}'
        connection.request("POST", "/", body.encode(), _HEADERS)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or json.loads(said)["UnprocessedItems"]:
            raise RuntimeError(said.decode(errors="replace"))


def _as_text(value: bytes) -> str:
    """As the wire has what is binary."""
    return b64encode(value).decode()
