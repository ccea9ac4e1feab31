"""Rules from the command line: is a file right, and what would it have found?

    python -m chalicelib.commands.rules check FILE                 what is wrong with it, if anything
    python -m chalicelib.commands.rules dry-run FILE               ask it about everything stored
    python -m chalicelib.commands.rules dry-run FILE --since 2026-03-01 --limit 500 --json

A dry run reads and opens comments and enquiries as staff do, and leaves an audit entry for it as theirs
does. It prints ids, codes and counts, nothing of what was written, and changes nothing. It works on the
tables that the environment's settings name (docs/settings.md), as FUNCTION=staff.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from chalicelib.audit import Act
from chalicelib.comments import Comment, Status
from chalicelib.config import SettingsError
from chalicelib.enquiries import Enquiry, EnquiryStatus
from chalicelib.errors import FrontdeskError
from chalicelib.judgement.dry_run import Replayed, replay, to_stored
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.rules_file import RulesError, read_rules
from chalicelib.wiring import Desk, open_desk

_ACTOR = "command"
_AT_ONCE = 100

Item = Comment | Enquiry
Key = dict[str, Any] | None
_ListPage = Callable[[int, Key], tuple[list[Item], Key]]


@dataclass
class _Found:
    replayed: list[Replayed] = field(default_factory=list)
    unreadable: int = 0


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 done, 1 the rules are wrong or it was not done, 2 wrong usage or settings."""
    options = _parser().parse_args(arguments)
    try:
        rules = read_rules(options.file.read_text(encoding="utf-8"))
        if options.command == "check":
            print(
                f"Version {rules.version}: {', '.join(rule.name for rule in rules.rules) or 'no rule is on'}"
            )
            return 0
        desk = open_desk(environ)
        print(f"Stage {desk.settings.stage}, table {desk.settings.comments_table}", file=sys.stderr)
        found = _dry_run(rules, desk, options.since, options.limit)
    except RulesError as error:
        print("\n".join(f"{options.file}, {problem}" for problem in error.problems), file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError):
        print(f"{options.file} cannot be read, or is not UTF-8.", file=sys.stderr)
        return 2
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except FrontdeskError as error:
        print(f"Not done: {type(error).__name__}. Nothing was changed.", file=sys.stderr)
        return 1
    report = _report(rules, found)
    print(json.dumps(report) if options.json else "\n".join(_sentences(report)))
    return 0


def _dry_run(rules: Rules, desk: Desk, since: datetime | None, limit: int) -> _Found:
    found = _Found()
    for page in _read_all(desk, since, limit):
        readable = [item for item in page if item.readable]
        found.unreadable += len(page) - len(readable)
        # What staff wrote was never judged.
        judged = [to_stored(item) for item in readable if not (isinstance(item, Comment) and item.staff)]
        found.replayed += replay(judged, rules, desk.now(), desk.hasher)
    return found


def _read_all(desk: Desk, since: datetime | None, limit: int) -> Iterator[list[Item]]:
    comments, enquiries = desk.store.comments, desk.store.enquiries

    def list_comments(status: str, most: int, after: Key) -> tuple[list[Item], Key]:
        page = comments.list_by_status(status, newest_first=True, limit=most, after=after)
        return [*page.comments], page.next_key

    def list_enquiries(status: str, most: int, after: Key) -> tuple[list[Item], Key]:
        page = enquiries.list_by_status(status, newest_first=True, limit=most, after=after)
        return [*page.enquiries], page.next_key

    for status in get_args(Status):
        yield from _read(desk, "comments", partial(list_comments, status), since, limit)
    for status in get_args(EnquiryStatus):
        yield from _read(desk, "enquiries", partial(list_enquiries, status), since, limit)


def _read(
    desk: Desk, name: str, list_page: _ListPage, since: datetime | None, limit: int
) -> Iterator[list[Item]]:
    """The newest of a status, at most `limit`, page by page; that they are read is noted first."""
    after: Key = None
    left = limit
    while left > 0:
        items, after = list_page(min(left, _AT_ONCE), after)
        left -= len(items)
        fresh = [item for item in items if since is None or item.created_at >= since]
        if fresh:
            ids = tuple(item.id if isinstance(item, Comment) else item.reference for item in fresh)
            desk.store.record_reading(Act(f"{name}/{_ACTOR}", _ACTOR, "list", desk.now(), read_ids=ids))
            yield fresh
        # Newest first, but for urgent ones, which stand before the others: one old page is no end there.
        if after is None or (items and items[-1].priority == "normal" and not fresh):
            return


def _report(rules: Rules, found: _Found) -> dict[str, Any]:
    codes = sorted({code for one in found.replayed for code in one.before | one.after})
    return {
        "version": rules.version,
        "looked_at": Counter(one.kind for one in found.replayed),
        "unreadable": found.unreadable,
        "false_alarms": sum(one.false_alarm for one in found.replayed),
        "unwanted_without_reason": sum(one.verdict == "unwanted" and not one.after for one in found.replayed),
        "codes": {code: _count(code, found.replayed) for code in codes},
        "otherwise": [_show(one) for one in found.replayed if one.otherwise],
    }


def _count(code: str, replayed: list[Replayed]) -> dict[str, int]:
    struck = [one for one in replayed if code in one.after]
    return {
        "before": sum(code in one.before for one in replayed),
        "after": len(struck),
        "after_of_wanted": sum(one.verdict == "wanted" for one in struck),
        "after_of_unwanted": sum(one.verdict == "unwanted" for one in struck),
    }


def _show(one: Replayed) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "id": one.id,
        "status": one.status,
        "gained": one.gained,
        "lost": one.lost,
        "spam": one.spam,
        "false_alarm": one.false_alarm,
    }


def _sentences(report: dict[str, Any]) -> Iterator[str]:
    looked_at = (
        ", ".join(f"{number} of kind {kind}" for kind, number in report["looked_at"].items()) or "nothing"
    )
    yield f"Version {report['version']}, asked about {looked_at}; {report['unreadable']} could not be opened."
    yield f"False alarms (a person approved it, this would make it spam): {report['false_alarms']}"
    yield f"A person rejected it, and no rule has a reason: {report['unwanted_without_reason']}"
    yield f"{'code':24}{'before':>8}{'after':>8}{'wanted':>8}{'unwanted':>10}"
    for code, count in report["codes"].items():
        yield (
            f"{code:24}{count['before']:>8}{count['after']:>8}"
            f"{count['after_of_wanted']:>8}{count['after_of_unwanted']:>10}"
        )
    yield f"Otherwise than it was: {len(report['otherwise'])}"
    for one in report["otherwise"]:
        changes = [f"+{code}" for code in one["gained"]] + [f"-{code}" for code in one["lost"]]
        marks = ["spam"] * one["spam"] + ["FALSE ALARM"] * one["false_alarm"]
        said = " ".join([*changes, *marks]) or "no more spam"
        yield f"  {one['kind']} {one['id']} ({one['status']}): {said}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.rules", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="tell everything that is wrong with a rules file")
    dry_run = commands.add_parser("dry-run", help="tell what it would have found in what is stored")
    for command in (check, dry_run):
        command.add_argument("file", type=Path, help="a rules file, such as chalicelib/judgement/rules.toml")
    dry_run.add_argument("--since", type=_day, help="only what was written on this day or later: 2026-03-01")
    dry_run.add_argument("--limit", type=int, default=10_000, help="at most so many of each status (10000)")
    dry_run.add_argument("--json", action="store_true", help="one JSON object")
    return parser


def _day(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
