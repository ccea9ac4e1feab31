"""One running stack for all journeys, and the people who use it.

FRONTDESK_URL and FRONTDESK_DATA, when both are set, name a stack that runs already.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from .stories import Auth, Mail, mails, until

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 90
SECONDS_TO_STOP = 30


@dataclass(frozen=True)
class Stack:
    """A Frontdesk that answers, and the folder in which it keeps everything."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def auth(self, role: str) -> Auth:
        tokens = json.loads((self.folder / "tokens.json").read_text(encoding="utf-8"))
        return {"Authorization": f"Bearer {tokens[role]}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)

    def stop(self) -> int:
        """SIGTERM, as an operator would; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            kill_group(self.process)
            pytest.fail(f"SIGTERM did not stop it within {SECONDS_TO_STOP} s:\n{tail(self.folder)}")


Launch = Callable[..., Stack]
Mailbox = Callable[[Callable[[Mail], bool]], Mail]


def log_of(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.log"


def tail(folder: Path) -> str:
    return log_of(folder).read_text(encoding="utf-8", errors="replace")[-4000:]


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Last resort: the process leads a group of its own, so this ends what it started and no more."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start(folder: Path, port: int = 0) -> Stack:
    """Start a stack on a folder, on any free port unless one is named, and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    with log_of(folder).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.run"],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port), "FRONTDESK_DATA": str(folder), "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if url := ready_url(ready):
            return Stack(url, folder, process)
        time.sleep(0.05)
    code = process.poll()
    if code is None:
        kill_group(process)
    why = f"exit code {code}" if code is not None else f"not ready within {SECONDS_TO_START} s"
    pytest.fail(f"the stack did not start ({why}):\n{tail(folder)}")


def ready_url(ready: Path) -> str | None:
    """The address, once ready.json is there and whole."""
    try:
        return str(json.loads(ready.read_text(encoding="utf-8"))["url"]).rstrip("/")
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.fixture
def launch() -> Iterator[Launch]:
    """For a test that starts and stops stacks of its own: `launch(folder)`, `launch(folder, port)`."""
    started: list[Stack] = []

    def one(folder: Path, port: int = 0) -> Stack:
        started.append(start(folder, port))
        return started[-1]

    yield one
    for stack in started:
        if stack.process is not None and stack.process.poll() is None:
            kill_group(stack.process)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if "FRONTDESK_URL" in os.environ and "FRONTDESK_DATA" in os.environ:
        yield Stack(os.environ["FRONTDESK_URL"].rstrip("/"), Path(os.environ["FRONTDESK_DATA"]))
        return
    started = start(tmp_path_factory.mktemp("frontdesk") / "data")
    yield started
    assert started.process is not None
    died = started.process.poll()
    assert died is None, f"it died on the way with exit code {died}:\n{tail(started.folder)}"
    assert started.stop() == 0, tail(started.folder)


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


@pytest.fixture(scope="session")
def moderator(stack: Stack) -> Auth:
    return stack.auth("moderator")


@pytest.fixture(scope="session")
def admissions(stack: Stack) -> Auth:
    return stack.auth("admissions")


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Auth:
    return stack.auth("admin")


@pytest.fixture(scope="session")
def mailbox(client: httpx.Client) -> Mailbox:
    """`mailbox(condition)` waits for a mail of which the condition holds."""

    def wait_for(condition: Callable[[Mail], bool]) -> Mail:
        return until(lambda: next((mail for mail in mails(client) if condition(mail)), None))

    return wait_for


@pytest.fixture(scope="session")
def site(stack: Stack) -> str:
    """The configured site's host, which locally is the server's own: `127.0.0.1:8123`."""
    return stack.url.split("://", 1)[1]
