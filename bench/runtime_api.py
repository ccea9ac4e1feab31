"""Lambda on this machine: AWS's own runtime client in a process, and the Runtime API that it asks for work.

The process runs the unpacked zip as Lambda does: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
Its CPU time is read from its own clock, so that nothing of ours counts.
"""

import json
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bench.http_server import Handler, Server, start_server

SECONDS_TO_ANSWER = 60.0
_ARN = "arn:aws:lambda:us-east-1:000000000000:function:bench"
_NEXT = "/2018-06-01/runtime/invocation/next"


def cpu_seconds(pid: int) -> float:
    """CPU time of another process so far, in nanoseconds' grain (clock_getcpuclockid(3) on Linux)."""
    return time.clock_gettime(~pid << 3 | 2)


@dataclass(frozen=True)
class Outcome:
    """What one event came to. `cpu` and `wall` are seconds, up to the function's asking for the next."""

    answer: Any
    error: Any
    cpu: float
    wall: float


class FunctionDied(Exception):
    """The process ended, or did not answer in time; its output says why."""


class Function:
    """One execution environment. Use it as a context manager."""

    def __init__(self, python: Path, content: Path, handler: str, environment: Mapping[str, str]) -> None:
        self._events: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._server = start_server(_make_handler(self._events, self._answers, self._idle))
        self._number = 0
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [str(python), "-m", "awslambdaric", handler],
            cwd=content,
            env=_environment(content, handler, self._server, environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> "Function":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()
        self._server.shutdown()
        self._server.server_close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_idle(self) -> None:
        """Until it asks for an event: after its start, that is the end of its init. Raises FunctionDied."""
        if not self._idle.acquire(timeout=SECONDS_TO_ANSWER):
            self._fail()

    def invoke(self, event: Any) -> Outcome:
        """Give it an event while it is idle; it is idle again afterwards. Raises FunctionDied."""
        before, started = cpu_seconds(self.pid), time.perf_counter()
        kind, answer = self._answer(event)
        wall = time.perf_counter() - started
        self.wait_until_idle()
        cpu = cpu_seconds(self.pid) - before
        answered = kind == "response"
        return Outcome(answer if answered else None, None if answered else answer, cpu, wall)

    def first(self, event: Any) -> tuple[float, float]:
        """CPU and wall seconds from the start of the process to its answer to `event`."""
        self._answer(event)
        return cpu_seconds(self.pid), time.perf_counter() - self.started

    def cpu(self) -> float:
        """CPU seconds since the process's start."""
        return cpu_seconds(self.pid)

    def memory(self) -> int:
        """Resident bytes (VmRSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise FunctionDied("no memory is told of it")

    def _answer(self, event: Any) -> tuple[str, Any]:
        self._number += 1
        self._events.put((f"request-{self._number}", json.dumps(event).encode()))
        try:
            return self._answers.get(timeout=SECONDS_TO_ANSWER)
        except Exception:
            self._fail()
            raise

    def _fail(self) -> None:
        self._process.kill()
        _, said = self._process.communicate()
        # Why an init failed is told to the Runtime API, and not printed.
        told = "" if self._answers.empty() else json.dumps(self._answers.get()[1])
        raise FunctionDied(said.decode(errors="replace")[-3000:] + told)


def _environment(
    content: Path, handler: str, server: Server, environment: Mapping[str, str]
) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "LAMBDA_TASK_ROOT": str(content),
        "_HANDLER": handler,
        # As Lambda's file system has it: read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }


def _make_handler(
    events: "SimpleQueue[tuple[str, bytes]]",
    answers: "SimpleQueue[tuple[str, Any]]",
    idle: threading.Semaphore,
) -> type[Handler]:
    class RuntimeApi(Handler):
        def do_GET(self) -> None:
            assert self.path == _NEXT
            idle.release()
            request_id, event = events.get()
            self.answer(
                200,
                event,
                {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 28) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": _ARN,
                    "Content-Type": "application/json",
                },
            )

        def do_POST(self) -> None:
            sent = self.body()
            self.answer(202, b'{"status":"OK"}')
            # /runtime/init/error comes once, before the process ends.
            kind = self.path.rpartition("/")[2]
            answers.put((kind, json.loads(sent or b"null")))

    return RuntimeApi
