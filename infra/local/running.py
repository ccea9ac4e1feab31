"""`make run`: all of Frontdesk on this machine, until it is told to stop."""

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from chalicelib.config import SettingsError
from infra.local.aws import isolate, make_client
from infra.local.checkpoints import Checkpoints
from infra.local.emulator import Emulator, start_emulator
from infra.local.errors import CannotRunError, StoppedError
from infra.local.event_sources import EventSources, ScheduleSource, Source
from infra.local.folder import DataFolder, locked, open_folder
from infra.local.gateway import Gateway, StartResponse
from infra.local.mailbox_page import PATH as MAILBOX_PATH
from infra.local.mailbox_page import MailboxPage
from infra.local.queue_source import QueueSource
from infra.local.server import HOST, Application, Server, bind
from infra.local.stopping import Stopping
from infra.local.stream_source import StreamSource
from infra.local.template import read_feeds
from infra.local.welcome import welcome
from infra.local.workplace import ROOT, Workplace, prepare

EMULATOR_ENDED = "The emulator has ended by itself: see emulator.log in the data folder, then make run again"


@dataclass(frozen=True)
class Options:
    port: int
    data: Path
    emulator_python: Path


def read_options(environ: Mapping[str, str]) -> Options:
    port = environ.get("PORT", "8000")
    if not port.isdecimal() or int(port) > 65535:
        raise CannotRunError("PORT must be a number from 0 to 65535: for example PORT=8001 make run")
    return Options(
        port=int(port),
        data=Path(environ.get("FRONTDESK_DATA") or ".local"),
        emulator_python=Path(environ.get("FRONTDESK_EMULATOR_PYTHON") or ROOT / ".venv-emulator/bin/python"),
    )


def _log_level(environ: Mapping[str, str]) -> int:
    """A name that is none is for the settings to refuse, in words."""
    return logging.getLevelNamesMapping().get(environ.get("LOG_LEVEL", ""), logging.WARNING)


def main() -> int:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=_log_level(os.environ))
    # It warns of every request that waits for a thread, which is what the queue is for.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    isolate(os.environ)
    stopping = Stopping()
    stopping.listen_to_signals()
    try:
        run(read_options(os.environ), stopping)
    except StoppedError:
        return 0
    except (CannotRunError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(options: Options, stopping: Stopping) -> None:
    """What is entered first is left last: the emulator outlives all that writes to it."""
    with ExitStack() as stack:
        listener = stack.enter_context(bind(options.port))
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        folder = open_folder(options.data)
        lock = stack.enter_context(locked(folder))
        stopping.check()
        emulator = stack.enter_context(running_emulator(options, folder, lock, stopping))
        workplace = prepare(folder, url, emulator.endpoint)
        stopping.check()
        stack.enter_context(feeding(workplace))
        stack.enter_context(serving(workplace, listener))
        stack.enter_context(ready(folder, url, emulator.endpoint, workplace.command_environment))
        print(welcome(url, workplace.tokens, str(options.data)), flush=True)
        stopping.wait()
        print("Stopping", flush=True)


@contextmanager
def running_emulator(
    options: Options, folder: DataFolder, lock: int, stopping: Stopping
) -> Iterator[Emulator]:
    emulator = start_emulator(options.emulator_python, folder, lock)
    try:
        emulator.wait_until_healthy(stopping.check)
        threading.Thread(target=_watch, args=[emulator, stopping], daemon=True).start()
        yield emulator
    except BotoCoreError:
        if emulator.has_ended():
            raise CannotRunError(EMULATOR_ENDED) from None
        raise
    finally:
        emulator.stop()


def _watch(emulator: Emulator, stopping: Stopping) -> None:
    emulator.wait()
    stopping.fail(
        "The emulator has ended by itself: see emulator.log in the data folder, then make run again"
    )


@contextmanager
def feeding(workplace: Workplace) -> Iterator[None]:
    sources = EventSources(make_sources(workplace))
    sources.start()
    try:
        yield
    finally:
        sources.stop()


def make_sources(workplace: Workplace) -> list[Source]:
    feeds = read_feeds(workplace.template)
    invoke = workplace.functions.invoke
    checkpoints = Checkpoints(workplace.folder.checkpoints)
    dynamodb = make_client("dynamodb", workplace.endpoint)
    streams = make_client("dynamodbstreams", workplace.endpoint)
    sqs = make_client("sqs", workplace.endpoint)
    resources = workplace.resources
    return [
        *(
            StreamSource(streams, stream_arn(dynamodb, resources[m.table]), m, invoke, checkpoints)
            for m in feeds.streams
        ),
        *(QueueSource(sqs, resources[m.queue], m, invoke) for m in feeds.queues),
        *(ScheduleSource(schedule, invoke) for schedule in feeds.schedules),
    ]


def stream_arn(dynamodb: Any, table: str) -> str:
    return str(dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"])


@contextmanager
def serving(workplace: Workplace, listener: Any) -> Iterator[None]:
    gateway = Gateway(workplace.functions.routes(), workplace.functions.invoke, workplace.origins)
    server = Server(with_mailbox(gateway, MailboxPage(workplace.mailbox)), listener)
    server.start()
    try:
        yield
    finally:
        server.stop()


def with_mailbox(gateway: Application, mailbox: Application) -> Application:
    def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        chosen = mailbox if environ.get("PATH_INFO") == MAILBOX_PATH else gateway
        return chosen(environ, start_response)

    return application


@contextmanager
def ready(folder: DataFolder, url: str, emulator: str, environment: Mapping[str, str]) -> Iterator[None]:
    """The file tells scripts that all is up, and where; and commands, by which settings."""
    told = {"url": url, "pid": os.getpid(), "emulator": emulator, "environment": dict(environment)}
    unfinished = folder.ready.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(told))
    os.replace(unfinished, folder.ready)
    try:
        yield
    finally:
        folder.ready.unlink(missing_ok=True)
