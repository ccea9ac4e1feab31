"""The HTTP server: a listening socket on 127.0.0.1, and waitress on it."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask
from waitress.wasyncore import loop

from infra.local.errors import CannotRunError
from infra.local.refusals import problem_body, problem_headers

HOST = "127.0.0.1"
# API Gateway's limits.
MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 10_240
THREADS = 16
BACKLOG = 1024
SECONDS_TO_FINISH_REQUESTS = 10.0

Application = Callable[[dict[str, Any], Any], list[bytes]]


class _ProblemTask(ErrorTask):  # type: ignore[misc]
    """What waitress cannot parse is answered as everything else that is refused."""

    def execute(self) -> None:
        error = self.request.error
        # 501 is waitress's for an unknown Transfer-Encoding, which is the caller's mistake.
        status = error.code if error.code < 500 else 400
        body = problem_body(status)
        self.status = f"{status} {json.loads(body)['title']}"
        self.response_headers.extend(problem_headers().items())
        self.response_headers.append(("Vary", "Origin"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _ProblemTask


def bind(port: int) -> socket.socket:
    """Bound, but not listening: nobody connects before there is somebody to answer."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError):
        listener.close()
        raise _port_in_use(port) from None
    return listener


def _port_in_use(port: int) -> CannotRunError:
    return CannotRunError(
        f"Port {port} is in use: stop what uses it, or choose another with PORT={port + 1} make run"
    )


class Server:
    def __init__(self, application: Application, listener: socket.socket) -> None:
        self._channels: dict[int, Any] = {}
        try:
            self._server = create_server(
                application,
                map=self._channels,
                sockets=[listener],
                threads=THREADS,
                backlog=BACKLOG,
                connection_limit=BACKLOG,
                max_request_body_size=MAX_BODY,
                max_request_header_size=MAX_HEADERS,
                ident=None,
            )
        except OSError:
            raise _port_in_use(listener.getsockname()[1]) from None
        self._server.channel_class = _Channel
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="server")

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            loop(timeout=1, map=self._channels, use_poll=True, count=1)

    def stop(self) -> None:
        """Take no new connections, let the requests under way be answered, then close."""
        self._server.accepting = False
        deadline = time.monotonic() + SECONDS_TO_FINISH_REQUESTS
        while self._is_busy() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown()
        self._server.close()

    def _is_busy(self) -> bool:
        return any(
            isinstance(channel, _Channel) and (channel.requests or channel.total_outbufs_len)
            for channel in list(self._channels.values())
        )
