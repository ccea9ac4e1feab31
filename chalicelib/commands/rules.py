"""Rules: is a file right, and what would it have found?

A dry run reads and opens comments and enquiries as staff do, and leaves an audit entry for it as theirs
does. It prints ids, codes and counts, nothing of what was written, and changes nothing.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import table
from chalicelib.commands.run import AT_ONCE, Run, WrongUsage
from chalicelib.commands.screen import Screen
from chalicelib.comments import Comment, Status
from chalicelib.enquiries import Enquiry, EnquiryStatus
from chalicelib.judgement.dry_run import Replayed, replay, to_stored
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.rules_file import RulesError, read_rules
from chalicelib.readings import note_list

Item = Comment | Enquiry
Key = dict[str, Any] | None
_ListPage = Callable[[int, Key], tuple[list[Item], Key]]


@dataclass
class _Found:
    replayed: list[Replayed] = field(default_factory=list)
    unreadable: int = 0


def add_commands(group: Group) -> None:
    rules = group.group("rules", "Rules files: check one, ask one about what is stored.")
    check = rules.deskless_command(
        "check",
        "Everything that is wrong with a rules file, each with its line. It needs no Frontdesk.",
        _check,
        "rules check chalicelib/our-rules.toml",
        "rules check chalicelib/our-rules.toml --json",
    )
    dry_run = rules.command(
        "dry-run",
        "What a rules file would have found in what is stored: the newest comments and enquiries of each "
        "status. It changes nothing, and prints no text; what it reads is noted in the audit trail.",
        _dry_run,
        "rules dry-run chalicelib/our-rules.toml --local",
        "rules dry-run chalicelib/our-rules.toml --since 2026-03-01 --limit 500 --json --local",
    )
    for parser in (check, dry_run):
        parser.add_argument("file", type=Path, help="such as chalicelib/judgement/rules.toml")
    dry_run.add_argument("--since", type=_day, help="only what was written on this day (UTC) or later")
    add_limit(dry_run, 10_000)


def _day(typed: str) -> datetime:
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError("write a day as 2026-03-01") from None


def _check(options: argparse.Namespace, screen: Screen) -> bool:
    try:
        rules = _read_file(options.file)
    except RulesError as error:
        wrong = {"version": None, "rules": [], "problems": error.problems}
        screen.answer(wrong, _with_file(options.file, error.problems))
        return False
    names = [rule.name for rule in rules.rules]
    document = {"version": rules.version, "rules": names, "problems": []}
    screen.answer(document, [f"Version {rules.version}: {', '.join(names) or 'no rule is on'}"])
    return True


def _read_file(file: Path) -> Rules:
    """Raises RulesError, or WrongUsage where there is nothing to read."""
    try:
        return read_rules(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUsage(f"The file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongUsage("The file cannot be used: it is not UTF-8.") from None


def _with_file(file: Path, problems: list[str]) -> list[str]:
    return [f"{file}, {problem}" for problem in problems]


def _dry_run(options: argparse.Namespace, run: Run) -> bool:
    try:
        rules = _read_file(options.file)
    except RulesError as error:
        raise WrongUsage("\n".join(_with_file(options.file, error.problems))) from None
    report = _report(rules, _replay_all(rules, options.since, options.limit, run))
    run.screen.answer(report, _sentences(report))
    return True


def _replay_all(rules: Rules, since: datetime | None, limit: int, run: Run) -> _Found:
    desk, found = run.desk, _Found()
    progress = run.screen.progress("comments and enquiries looked at")
    for page in _read_all(since, limit, run):
        readable = [item for item in page if item.readable]
        found.unreadable += len(page) - len(readable)
        # What staff wrote was never judged.
        judged = [to_stored(item) for item in readable if not (isinstance(item, Comment) and item.staff)]
        found.replayed += replay(judged, rules, desk.now(), desk.hasher)
        for _ in page:
            progress.step()
    progress.end()
    return found


def _read_all(since: datetime | None, limit: int, run: Run) -> Iterator[list[Item]]:
    comments, enquiries = run.desk.store.comments, run.desk.store.enquiries

    def list_comments(status: str, most: int, after: Key) -> tuple[list[Item], Key]:
        page = comments.list_by_status(status, newest_first=True, limit=most, after=after)
        return [*page.comments], page.next_key

    def list_enquiries(status: str, most: int, after: Key) -> tuple[list[Item], Key]:
        page = enquiries.list_by_status(status, newest_first=True, limit=most, after=after)
        return [*page.enquiries], page.next_key

    for status in get_args(Status):
        yield from _read("comments", partial(list_comments, status), since, limit, run)
    for status in get_args(EnquiryStatus):
        yield from _read("enquiries", partial(list_enquiries, status), since, limit, run)


def _read(
    name: str, list_page: _ListPage, since: datetime | None, limit: int, run: Run
) -> Iterator[list[Item]]:
    """The newest of a status, at most `limit`, page by page; that they are read is noted first."""
    after: Key = None
    left = limit
    while left > 0:
        items, after = list_page(min(left, AT_ONCE), after)
        left -= len(items)
        fresh = [item for item in items if since is None or item.created_at >= since]
        if fresh:
            ids = [item.id if isinstance(item, Comment) else item.reference for item in fresh]
            note_list(name, ids, run.actor, run.desk.now(), run.desk.store)
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
        ", ".join(f"{number:,} of kind {kind}" for kind, number in report["looked_at"].items()) or "nothing"
    )
    yield f"Version {report['version']}, asked about {looked_at}"
    yield f"Could not be opened: {report['unreadable']:,}"
    yield f"False alarms (a person approved it, these rules take it for spam): {report['false_alarms']:,}"
    yield f"A person rejected it, and no rule has a reason: {report['unwanted_without_reason']:,}"
    yield from table(
        ("CODE", "BEFORE", "AFTER", "OF WANTED", "OF UNWANTED"),
        [[code, *count.values()] for code, count in report["codes"].items()],
    )
    yield f"Otherwise than it was: {len(report['otherwise']):,}"
    yield from table(("KIND", "ID", "STATUS", "WOULD BE"), map(_row, report["otherwise"]))


def _row(one: dict[str, Any]) -> list[str]:
    changes = [f"+{code}" for code in one["gained"]] + [f"-{code}" for code in one["lost"]]
    marks = ["spam"] * one["spam"] + ["FALSE ALARM"] * one["false_alarm"]
    return [one["kind"], one["id"], one["status"], " ".join([*changes, *marks]) or "no more spam"]
