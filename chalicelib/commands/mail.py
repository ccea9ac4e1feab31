"""Mail that is stuck, from the command line.

    python -m chalicelib.commands.mail dead-letters    list what the mail function could not handle
    python -m chalicelib.commands.mail redrive         bring every dead letter to the mail function again
    python -m chalicelib.commands.mail resume          try all held mail now

What has been sent meanwhile is not sent again. It works on the queue and tables that the environment's
settings name (docs/settings.md), as FUNCTION=staff, with credentials that may move messages, and says
which before it changes anything.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from chalicelib.config import SettingsError
from chalicelib.errors import FrontdeskError
from chalicelib.storage.outbox import NotClaimed
from chalicelib.times import to_text
from chalicelib.wiring import Desk, open_desk

_AT_ONCE = 100


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 done, 1 not done, 2 wrong usage or settings."""
    command = _parser().parse_args(arguments).command
    try:
        desk = open_desk(environ)
        print(f"Stage {desk.settings.stage}, queue {desk.queue.dead_letter_url}", file=sys.stderr)
        print(json.dumps(_COMMANDS[command](desk)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except FrontdeskError as error:
        print(f"Not done: {type(error).__name__}. Run it again: it goes on.", file=sys.stderr)
        return 1
    return 0


def _list(desk: Desk) -> dict[str, object]:
    count, letters = desk.queue.list_dead_letters()
    shown = [{"outbox_id": letter.outbox_id, "sent_at": to_text(letter.sent_at)} for letter in letters]
    return {"count": count, "dead_letters": shown}


def _redrive(desk: Desk) -> dict[str, object]:
    return {"redriven": desk.queue.redrive()}


def _resume(desk: Desk) -> dict[str, object]:
    """Each is moved before the next page is read: so the first page is always the next one."""
    resumed: list[str] = []
    outbox = desk.store.outbox
    while entries := outbox.list_by_state("held", newest_first=False, limit=_AT_ONCE, after=None).entries:
        for entry in entries:
            with suppress(NotClaimed):
                outbox.mark(entry.id, "held", "pending", None, desk.now())
                resumed.append(entry.id)
        desk.queue.send([entry.id for entry in entries])
    return {"resumed": len(resumed)}


_COMMANDS = {"dead-letters": _list, "redrive": _redrive, "resume": _resume}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.mail", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dead-letters", help="list them; they stay")
    commands.add_parser("redrive", help="bring each to the mail function again, once")
    commands.add_parser("resume", help="try held mail now rather than in ten minutes")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
