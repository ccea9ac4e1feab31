"""DynamoDB, SQS, SES and SSM on loopback: canned answers at once, and everything counted at the wire.

Or, with `engine`, a go-between: what comes is passed on to a real engine, whose time is told apart.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.http_server import Handler, start_server
from bench.units import items_of, read_units, write_units

Answers = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Call:
    """One call at the wire. `engine_seconds` is 0 where nothing was passed on."""

    operation: str
    body: Any
    answer: Any
    bytes_sent: int
    bytes_answered: int
    engine_seconds: float

    @property
    def items(self) -> int:
        return items_of(self.operation, self.body, self.answer)

    @property
    def write_units(self) -> float:
        return write_units(self.operation, self.body)

    @property
    def read_units(self) -> float:
        return read_units(self.operation, self.body, self.answer)


@dataclass
class Stub:
    """`answers(operation, body)` is what is said; `calls` is what came, until it is cleared."""

    answers: Answers
    engine: str | None = None
    calls: list[Call] = field(default_factory=list)
    # A long series of warm requests is not written down.
    recording: bool = True
    # Of these services; the others are answered here.
    passed_on: tuple[str, ...] = ("DynamoDB",)

    def __post_init__(self) -> None:
        self._server = start_server(_make_handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def note(self, call: Call) -> None:
        if self.recording:
            self.calls.append(call)


def _make_handler(stub: Stub) -> type[Handler]:
    engine = threading.local()

    class Aws(Handler):
        def do_POST(self) -> None:
            sent = self.body()
            target = self.headers.get("X-Amz-Target", "")
            operation = target.rpartition(".")[2] or self.path
            started = time.perf_counter()
            if stub.engine is None or not target.startswith(stub.passed_on):
                content = json.dumps(stub.answers(operation, json.loads(sent or b"{}"))).encode()
                status, took = 200, 0.0
            else:
                status, content = _pass_on(self, sent, stub.engine, engine)
                took = time.perf_counter() - started
            self.answer(status, content, {"Content-Type": "application/x-amz-json-1.0"})
            if stub.recording:
                body, answer = json.loads(sent or b"{}"), json.loads(content or b"{}")
                stub.note(Call(operation, body, answer, len(sent), len(content), took))

        do_GET = do_POST

    return Aws


def _pass_on(handler: Handler, sent: bytes, engine: str, kept: Any) -> tuple[int, bytes]:
    if not hasattr(kept, "connection"):
        parts = urlsplit(engine)
        kept.connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    headers = {
        k: v
        for k, v in handler.headers.items()
        if k.lower() not in ("host", "content-length", "accept-encoding")
    }
    kept.connection.request("POST", handler.path, sent, headers)
    answer = kept.connection.getresponse()
    return answer.status, answer.read()
