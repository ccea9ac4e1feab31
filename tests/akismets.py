"""Akismet for tests: it answers on loopback as it is told to, and keeps what it was asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

DECLARED = "Automattic (San Francisco, USA) looks for spam among comments for us; <we> have a contract."


@dataclass
class FakeAkismet:
    """`slow` answers when `release` is set; `act` is done while a question waits."""

    status: int = 200
    body: bytes = b"false"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    slow: bool = False
    dripping: bool = False
    release: threading.Event = field(default_factory=threading.Event)
    act: Any = None


@contextmanager
def fake_akismet() -> Iterator[FakeAkismet]:
    told = FakeAkismet()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.asked.append({"path": self.path, **{k: v for k, [v] in parse_qs(body).items()}})
            if told.act:
                told.act()
            if told.slow:
                told.release.wait(20)
            if told.dripping:
                self._drip()
                return
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def _drip(self) -> None:
            """Byte by byte for ten seconds, then a good answer: each begins the socket's time-out anew."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            try:
                for _ in range(500):
                    if told.release.wait(0.02):
                        return
                    self.wfile.write(b"x")
                self.wfile.write(b"\r\nContent-Length: 4\r\n\r\ntrue")
            except OSError:
                return

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with patch("chalicelib.mail.akismet.URL", f"http://127.0.0.1:{server.server_port}/1.1/comment-check"):
            yield told
    finally:
        told.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
