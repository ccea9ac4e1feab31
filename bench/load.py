"""Sustained load on `make run`'s server, and on Isso beside it: the same work, one after the other.

Both run on this machine with what they bring along: ours with an emulator of AWS in a second process, Isso
with SQLite. So these are figures of local servers, not of a deployment of either.
"""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median, quantiles
from typing import Any, TypeVar

from bench.measures import Bench
from bench.words import prose
from infra.local.emulator import find_free_port

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".venv-peer" / "bin"
_CONNECTIONS = (1, 8, 64)
_SECONDS = 3.0
_MOST_REQUESTS = 3_000
_TO_MODERATE = 300
_GOOD = (200, 201, 202)

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Next = Callable[[int], Call | None]
# Makes ready for one press, and returns what gives the calls.
Work = dict[str, Callable[[], Next]]


def measure(bench: Bench) -> dict[str, Any]:
    servers: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="frontdesk-load-") as folder:
        with _frontdesk(Path(folder) / "ours") as (port, tokens):
            servers["Frontdesk"] = _run(bench, port, _our_work(port, tokens))
        if (PEER / "isso").exists():
            with _isso(Path(folder)) as (port, database):
                servers["Isso"] = _run(bench, port, _issos_work(port, database))
    return {"about": " ".join((__doc__ or "").split()), "servers": servers}


def _run(bench: Bench, port: int, work: Work) -> dict[str, Any]:
    seconds = 0.3 if bench.quick else _SECONDS
    return {
        name: {str(n): _press(port, ready(), n, seconds) for n in _CONNECTIONS}
        for name, ready in work.items()
    }


def _press(port: int, make: Next, connections: int, seconds: float) -> dict[str, Any]:
    """`connections` clients, each asking again as soon as it is answered, for so long."""
    taken: list[float] = []
    errors: list[str] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < until and len(taken) < _MOST_REQUESTS:
            call = make(next(_numbers))
            if call is None:
                return
            started = time.perf_counter()
            try:
                status = ask(connection, call)[0]
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                errors.append(type(error).__name__)
            else:
                taken.append(time.perf_counter() - started)
                if status not in _GOOD:
                    errors.append(str(status))

    threads = [threading.Thread(target=client) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - started
    return {
        "per_second": round(len(taken) / spent, 1),
        "p50_ms": round(median(taken) * 1000, 2) if taken else 0.0,
        "p99_ms": round(quantiles(taken, n=100)[-1] * 1000, 2) if len(taken) > 1 else 0.0,
        "requests": len(taken),
        "errors": len(errors),
        "kinds_of_errors": sorted(set(errors)),
    }


_numbers = count(1)


def ask(connection: http.client.HTTPConnection, call: Call) -> tuple[int, bytes]:
    body = None if call.body is None else json.dumps(call.body)
    headers = {"Content-Type": "application/json", **call.headers}
    connection.request(call.method, call.path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextmanager
def _frontdesk(data: Path) -> Iterator[tuple[int, dict[str, str]]]:
    port = find_free_port()
    environment = {**os.environ, "PORT": str(port), "FRONTDESK_DATA": str(data), "RATE_LIMIT": "100000000"}
    process = subprocess.Popen(
        [str(ROOT / ".venv" / "bin" / "python"), "-m", "infra.local.run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, "/healthz")
        yield port, json.loads((data / "tokens.json").read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _our_work(port: int, tokens: dict[str, str]) -> Work:
    page = f"http://127.0.0.1:{port}/read"
    bearer = {"Authorization": f"Bearer {tokens['moderator']}"}

    def post(number: int, where: str = "/written") -> Call:
        body = {"page": where, "name": "Jo", "email": "jo@example.com", "message": prose(300, number)}
        return Call("POST", "/v1/comments", body, {"Idempotency-Key": str(number)})

    def approve(comment_id: str) -> Call:
        path = f"/v1/staff/comments/{comment_id}"
        return Call("PATCH", path, {"status": "approved"}, {**bearer, "If-Match": "*"})

    def waiting() -> Next:
        ids = _posted(port, _TO_MODERATE, post)
        return lambda _: _taken(ids, approve)

    _all(port, [approve(comment_id) for comment_id in _drain(_posted(port, 100, partial(post, where=page)))])
    return {
        "post": lambda: post,
        "list 100": lambda: lambda _: Call("GET", f"/v1/comments?limit=100&page={page}"),
        "moderate": waiting,
        "count": lambda: lambda _: Call("POST", "/v1/comments/counts", {"pages": [page]}),
    }


@contextmanager
def _isso(folder: Path) -> Iterator[tuple[int, Path]]:
    port = find_free_port()
    database, settings = folder / "isso.db", folder / "isso.cfg"
    settings.write_text(
        f"[general]\ndbpath = {database}\nhost = http://127.0.0.1:{port}/\n"
        f"[server]\nlisten = http://127.0.0.1:{port}/\n"
        "[moderation]\nenabled = true\n[guard]\nenabled = false\n"
    )
    process = subprocess.Popen(
        [str(PEER / "isso"), "-c", str(settings), "run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, "/?uri=/read")
        yield port, database
    finally:
        process.kill()
        process.wait()


def _issos_work(port: int, database: Path) -> Work:
    with sqlite3.connect(database) as opened:
        [(secret,)] = opened.execute("SELECT value FROM preferences WHERE key = 'session-key'")

    def post(number: int, where: str = "/written") -> Call:
        body = {"author": "Jo", "email": "jo@example.com", "text": prose(300, number), "title": "T"}
        return Call("POST", f"/new?uri={where}", body)

    def activations(ids: "SimpleQueue[str]") -> "SimpleQueue[Call]":
        calls: SimpleQueue[Call] = SimpleQueue()
        for comment_id, key in _signed(secret, _drain(ids)).items():
            calls.put(Call("POST", f"/id/{comment_id}/activate/{key}"))
        return calls

    def waiting() -> Next:
        calls = activations(_posted(port, _TO_MODERATE, post))
        return lambda _: _taken(calls, lambda call: call)

    _all(port, _drain(activations(_posted(port, 100, partial(post, where="/read")))))
    return {
        "post": lambda: post,
        "list 100": lambda: lambda _: Call("GET", "/?uri=/read&limit=100"),
        "moderate": waiting,
        "count": lambda: lambda _: Call("POST", "/count", ["/read"]),
    }


def _signed(secret: str, ids: list[str]) -> dict[str, str]:
    """The keys of the links by which Isso's moderator decides, as its mails carry them."""
    code = (
        "import json, sys; from itsdangerous import URLSafeTimedSerializer as S; "
        "secret, ids = json.load(sys.stdin); s = S(secret); "
        "print(json.dumps({i: s.dumps(int(i)) for i in ids}))"
    )
    done = subprocess.run(
        [str(PEER / "python"), "-c", code],
        input=json.dumps([secret, ids]),
        capture_output=True,
        text=True,
        check=True,
    )
    keys: dict[str, str] = json.loads(done.stdout)
    return keys


def _posted(port: int, number: int, make: Callable[[int], Call]) -> "SimpleQueue[str]":
    """The ids of so many new comments."""
    ids: SimpleQueue[str] = SimpleQueue()
    for status, body in _all(port, [make(next(_numbers)) for _ in range(number)]):
        assert status in _GOOD, body
        ids.put(str(json.loads(body)["id"]))
    return ids


def _all(port: int, calls: list[Call]) -> list[tuple[int, bytes]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    return [ask(connection, call) for call in calls]


def _taken(queue: "SimpleQueue[T]", make: Callable[[T], Call]) -> Call | None:
    try:
        return make(queue.get_nowait())
    except Empty:
        return None


def _drain(queue: "SimpleQueue[T]") -> list[T]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


def _wait_for(port: int, path: str) -> None:
    for _ in range(900):
        try:
            status = ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), Call("GET", path))[0]
        except OSError:
            status = 0
        if status in (200, 404):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
