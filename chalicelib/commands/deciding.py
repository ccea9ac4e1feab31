"""Decisions on comments: one, several, or a file of many. A bad one does not stop the others.

Each is a transaction of its own, and its result is printed when it is made: what was broken off is run
again, and what was decided before is told apart as already so.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, get_args

from chalicelib import comments
from chalicelib.commands.decision_file import BadLine, UnreadableFile, Wanted, read_decisions
from chalicelib.commands.group import Group
from chalicelib.commands.printable import printable
from chalicelib.commands.refusals import code_of, not_found, sentence_of
from chalicelib.commands.run import Run, WrongUsage
from chalicelib.commands.typed import LONGEST_REASON, seen, text_of
from chalicelib.comments import Decision, Status
from chalicelib.errors import FrontdeskError, IllegalTransition, NotFound, StaleRevision, Unavailable

# Where storage does not answer, each try takes seconds: after so many in a row the others are not begun.
_MOST_OUTAGES = 3


def add_commands(group: Group) -> None:
    decide = group.command(
        "decide",
        "Decide on comments, as they were when they were seen. More than one asks first.",
        _decide,
        "decide c01ng97crd0gsnvhb8tsv0yzw2j@1 --status approved --local",
        "decide c01ng97crd0gsnvhb8tsv0yzw2j@1 c01nga7crd0gsnvhb8tsv0yzw2j@2 --status spam --local",
        "decide --file decisions.csv --stage prod --region eu-west-1",
        "decide --file - --yes --json --local",
        changes=("comments_table", "pages_table", "outbox_table", "audit_table"),
    )
    decide.add_argument("seen", nargs="*", type=seen, metavar="ID@REVISION", help="as the list prints it")
    decide.add_argument("--status", choices=get_args(Status))
    reason = text_of(LONGEST_REASON, may_be_blank=True)
    decide.add_argument("--reason", type=reason, help="kept in the history; the author does not see it")
    decide.add_argument(
        "--file",
        help="CSV (id,revision,status,reason) or JSON lines with these keys; - is stdin. Broken off, run it "
        "again: what is so already is told apart",
    )


def _decide(options: argparse.Namespace, run: Run) -> bool:
    wanted = _read(options, run)
    if len(wanted) > 1 or options.file:
        run.screen.confirm(f"This decides on {len(wanted):,} comments; authors who asked are mailed. Go on?")
    # Typed ones are few: each is told. Of a file only what was not done; with --json, each.
    counts = _Counts()
    for result in _decide_each(wanted, run):
        counts.add(result)
        is_told = not options.file or result["result"] not in _AS_WANTED
        run.screen.answer(result, [_tell(result)] if is_told else [])
    run.screen.say(str(counts))
    return counts.all_as_wanted


def _read(options: argparse.Namespace, run: Run) -> list[Wanted | BadLine]:
    """Raises WrongUsage."""
    if options.file is None:
        if not options.seen or options.status is None:
            raise WrongUsage("Say which: ID@REVISION, and --status; or --file.")
        return [Wanted(None, s.id, s.revision, options.status, options.reason) for s in options.seen]
    if options.seen or options.status or options.reason:
        raise WrongUsage("With --file everything stands in the file: no ids, --status or --reason besides.")
    try:
        return read_decisions(_read_bytes(options.file, run))
    except OSError as error:
        raise WrongUsage(f"The file cannot be read: {error.strerror}.") from None
    except UnreadableFile as error:
        raise WrongUsage(f"The file cannot be used. {error}") from None


def _read_bytes(file: str, run: Run) -> bytes:
    if file != "-":
        return Path(file).read_bytes()
    # The bytes, where there are some behind the text: whether they are UTF-8 is ours to say.
    keyboard = run.screen.keyboard
    buffer: BinaryIO | None = getattr(keyboard, "buffer", None)
    return buffer.read() if buffer else keyboard.read().encode()


_AS_WANTED = {"done", "already_so"}


class _Counts:
    """How many of each result."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, result: dict[str, Any]) -> None:
        name = result["result"]
        self._counts[name] = self._counts.get(name, 0) + 1

    @property
    def all_as_wanted(self) -> bool:
        return set(self._counts) <= _AS_WANTED

    def __str__(self) -> str:
        return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in self._counts.items())


def _decide_each(wanted: list[Wanted | BadLine], run: Run) -> Iterable[dict[str, Any]]:
    progress = run.screen.progress("decisions", len(wanted))
    outages = 0
    for one in wanted:
        if isinstance(one, BadLine):
            result = _result(one, "invalid_fields", None, f"{one.why[0].upper()}{one.why[1:]}.")
        elif outages >= _MOST_OUTAGES:
            result = _result(one, "unavailable", None, "Not begun, for storage does not answer.")
        else:
            result = _decide_one(one, run)
            outages = outages + 1 if result["result"] == "unavailable" else 0
        yield result
        progress.step()


def _decide_one(wanted: Wanted, run: Run) -> dict[str, Any]:
    desk = run.desk
    decision = Decision(wanted.status, None, wanted.reason)
    try:
        comment = comments.decide(wanted.id, decision, {wanted.revision}, run.actor, desk.now(), desk.store)
    except NotFound as error:
        return _result(wanted, code_of(error), None, not_found("comment", wanted.id))
    except (StaleRevision, IllegalTransition) as error:
        return _tell_apart(wanted, error, run)
    except FrontdeskError as error:
        return _result(wanted, code_of(error), None, sentence_of(error))
    return _result(wanted, "done", comment.revision, f"{wanted.status.capitalize()}.")


def _tell_apart(wanted: Wanted, error: FrontdeskError, run: Run) -> dict[str, Any]:
    """Whether it is so already: an earlier run, or somebody else, has done it."""
    try:
        comment = run.desk.store.get_comment(wanted.id)
    except (NotFound, Unavailable):
        return _result(wanted, code_of(error), None, sentence_of(error))
    if comment.status == wanted.status:
        return _result(wanted, "already_so", comment.revision, f"It is {wanted.status} already.")
    return _result(wanted, code_of(error), comment.revision, sentence_of(error))


def _result(one: Wanted | BadLine, result: str, revision: int | None, message: str) -> dict[str, Any]:
    """`revision` is the comment's now, where that is known."""
    return {"line": one.line, "id": one.id, "result": result, "revision": revision, "message": message}


def _tell(result: dict[str, Any]) -> str:
    line = f"line {result['line']}: " if result["line"] else ""
    revision = f"@{result['revision']}" if result["revision"] else ""
    return f"{line}{printable(result['id'] or '-')}{revision}  {result['message']}"
