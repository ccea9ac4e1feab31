"""What the classifier has learnt, from the command line.

    python -m chalicelib.commands.model show       how much it has learnt, and whether it scores
    python -m chalicelib.commands.model retrain    learn from stored decisions that it has not learnt from

Decisions teach as they are made, so `retrain` is needed in two cases only: where comments were decided on
before there was a classifier, and after the hash secret was rotated (once every function has been restarted),
for what was learnt under another secret means nothing under this one. It can be run at any time, and again:
what has been learnt is passed over. It also deletes what was learnt under earlier secrets.

It works on the tables and keys that the environment's settings name (docs/settings.md), as FUNCTION=staff,
and says which before it changes anything.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping

from chalicelib.comments import Comment
from chalicelib.config import SettingsError
from chalicelib.errors import FrontdeskError, StaleRevision
from chalicelib.wiring import Desk, open_desk

_AT_ONCE = 100


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 done, 1 not done, 2 wrong usage or settings."""
    command = _parser().parse_args(arguments).command
    try:
        desk = open_desk(environ)
        settings = desk.settings
        place = f"tables {settings.comments_table}, {settings.model_table}"
        print(f"Stage {settings.stage}, {place}", file=sys.stderr)
        print(json.dumps(_COMMANDS[command](desk)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except FrontdeskError as error:
        print(f"Not done: {type(error).__name__}. Run it again: it goes on.", file=sys.stderr)
        return 1
    return 0


def _show(desk: Desk) -> dict[str, object]:
    return desk.store.get_model().describe()


def _retrain(desk: Desk) -> dict[str, object]:
    model = desk.store.get_model()
    learnt = 0
    for page in _decided(desk):
        learnt += sum(_learn(comment, desk) for comment in page)
        while model.fold():
            pass
        print(f"{learnt} learnt", file=sys.stderr)
    deleted = model.delete_other_generations()
    return {"learnt": learnt, "deleted": deleted, **model.describe()}


def _decided(desk: Desk) -> Iterator[list[Comment]]:
    """Pages of comments that can teach something."""
    for status in ("approved", "spam"):
        after = None
        while True:
            page = desk.store.comments.list_by_status(status, newest_first=False, limit=_AT_ONCE, after=after)
            yield page.comments
            after = page.next_key
            if after is None:
                break


def _learn(comment: Comment, desk: Desk) -> bool:
    """Whether it taught something new."""
    taught = desk.store.get_model().taught_by(comment)
    if taught is None or taught == comment.taught or not comment.readable:
        return False
    try:
        desk.store.teach(comment, taught)
    except StaleRevision:
        # Decided on since it was listed: that decision has taught.
        return False
    return True


_COMMANDS = {"show": _show, "retrain": _retrain}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.model", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="what was learnt, in figures")
    commands.add_parser("retrain", help="learn from stored decisions")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
