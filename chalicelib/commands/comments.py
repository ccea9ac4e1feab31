"""What waits for a moderator, and one item with its history."""

import argparse
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_args

from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import cut, fields, printable, table
from chalicelib.commands.refusals import not_found
from chalicelib.commands.run import Run, WrongUsage, collect
from chalicelib.commands.typed import item_id
from chalicelib.comments import Comment, Status
from chalicelib.errors import NotFound
from chalicelib.ids import is_reference
from chalicelib.judgement.insight import Insight, look_at, look_closely
from chalicelib.pages import PageRefused
from chalicelib.readings import note_list, note_reading
from chalicelib.showing import show_act, show_comment, show_enquiry

_COLUMNS_OF_TEXT = 50


def add_commands(group: Group) -> None:
    queue = group.command(
        "queue",
        "Comments of a status, by default those that wait: urgent first, then oldest first. "
        "Each is noted in the audit trail as read.",
        _list_queue,
        "queue --local",
        "queue --page /stories --newest --limit 10 --local",
        "queue --status spam --all --json --stage prod --region eu-west-1",
    )
    queue.add_argument("--status", choices=get_args(Status), default="pending", help="pending, if left out")
    queue.add_argument("--page", help="a page's address, or its path on the default site")
    queue.add_argument("--newest", action="store_true", help="newest first")
    queue.add_argument(
        "--sort",
        choices=["score"],
        help="what is listed, by score: urgent first, then most like spam first, what has no score last. "
        "What is listed stays the same: with --all, everything",
    )
    add_limit(queue)
    show = group.command(
        "show",
        "One comment or enquiry as staff see it, with its history. It is noted in the audit trail as read.",
        _show,
        "show c01ng97crd0gsnvhb8tsv0yzw2j --local",
        "show 7KQ2M-8XD4T --json --local",
    )
    show.add_argument("id", type=item_id, help="a comment's id or an enquiry's reference")


def page_id_of(address: str, run: Run) -> str:
    """Raises WrongUsage."""
    try:
        return run.desk.sites.page_id(address)
    except PageRefused:
        raise WrongUsage("This is not the address of a page of the sites that take comments here.") from None


def _list_queue(options: argparse.Namespace, run: Run) -> bool:
    desk = run.desk
    page_id = page_id_of(options.page, run) if options.page is not None else None

    def fetch(limit: int, after: Any) -> tuple[list[Comment], Any]:
        found = desk.store.comments.list_by_status(
            options.status, newest_first=options.newest, limit=limit, after=after, page_id=page_id
        )
        note_list("comments", [c.id for c in found.comments], run.actor, desk.now(), desk.store)
        return found.comments, found.next_key

    comments, more = collect(fetch, options.limit)
    looked = [(comment, look_at(comment, desk.rules, desk.store.find_model)) for comment in comments]
    if options.sort == "score":
        looked.sort(key=_by_score)
    document = {"comments": [show_comment(comment, insight) for comment, insight in looked], "more": more}
    headings = ("ID@REVISION", "", "SCORE", "AGE", "PAGE", "TEXT")
    run.screen.answer(document, table(headings, _rows(looked, desk.now())))
    tell_end(len(comments), more, "Comments", run)
    return True


def _by_score(looked: tuple[Comment, Insight]) -> tuple[bool, bool, float]:
    """Urgent ones stay in front: no guess of a classifier's comes before somebody in danger."""
    comment, insight = looked
    return comment.priority != "urgent", insight.score is None, -(insight.score or 0)


def _rows(looked: list[tuple[Comment, Insight]], now: datetime) -> Iterator[tuple[object, ...]]:
    for comment, insight in looked:
        urgent = "URGENT" if comment.priority == "urgent" else ""
        text = cut(printable(comment.text), _COLUMNS_OF_TEXT)
        seen, page = f"{comment.id}@{comment.revision}", cut(comment.page_id, _COLUMNS_OF_TEXT)
        yield seen, urgent, _percent(insight.score), age_of(now - comment.created_at), page, text


def _percent(score: float | None) -> str | None:
    """Rounded down, as in the console."""
    return None if score is None else f"{math.floor(score * 100)} %"


def age_of(waited: timedelta) -> str:
    """`3 d`, `5 h` or `12 min`, rounded down."""
    minutes = int(waited.total_seconds()) // 60
    return (
        f"{minutes // 1440} d"
        if minutes >= 1440
        else f"{minutes // 60} h"
        if minutes >= 60
        else f"{minutes} min"
    )


def tell_end(number: int, more: bool, what: str, run: Run) -> None:
    """On stderr: how many there were, and how to see the rest."""
    rest = "; there may be more: --limit N, or --all" if more else ""
    run.screen.say(f"{what}: {number:,}{rest}")


def _show(options: argparse.Namespace, run: Run) -> bool:
    try:
        if is_reference(options.id):
            show_one_enquiry(options.id, run)
        else:
            _show_one_comment(options.id, run)
    except NotFound:
        run.screen.say(not_found("comment or enquiry", options.id))
        return False
    return True


def _show_one_comment(comment_id: str, run: Run) -> None:
    desk, comments = run.desk, run.desk.store.comments
    comment = comments.get(comment_id)
    note_reading(comment.id, run.actor, desk.now(), desk.store)
    insight = look_closely(
        comment, desk.rules, desk.store.find_model, comments.list_times_before, desk.address_rate
    )
    shown = {**show_comment(comment, insight), "history": _history(comment.id, run)}
    run.screen.answer(shown, _describe_comment(shown))


def show_one_enquiry(reference: str, run: Run) -> None:
    """Raises NotFound."""
    desk = run.desk
    enquiry = desk.store.enquiries.get(reference)
    note_reading(enquiry.reference, run.actor, desk.now(), desk.store)
    reply_within = timedelta(hours=desk.settings.reply_hours)
    shown = {**show_enquiry(enquiry, desk.now(), reply_within), "history": _history(reference, run)}
    run.screen.answer(shown, _describe_enquiry(shown))


def _history(subject: str, run: Run) -> list[dict[str, Any]]:
    return [show_act(entry.act) for entry in run.desk.store.audit.recent(subject)]


def _describe_comment(shown: dict[str, Any]) -> Iterator[str]:
    redacted = shown["original_text"] if shown["original_text"] != shown["text"] else None
    yield from fields(
        [
            ("comment", f"{shown['id']}@{shown['revision']}"),
            ("status", shown["status"]),
            ("priority", shown["priority"]),
            ("page", shown["page"]),
            ("answers", shown["parent_id"]),
            ("by", "staff" if shown["staff"] else None),
            ("name", shown["name"]),
            ("email", shown["email"] or None),
            ("written", shown["created_at"]),
            ("decided", shown["decided_at"]),
            ("decided by", shown["decided_by"]),
            ("score", _percent(shown["score"])),
            *_reasons(shown),
            ("text", shown["text"]),
            ("typed", redacted),
            ("proposed", shown["proposed_text"]),
        ]
    )
    yield from _describe_history(shown["history"])


def _describe_enquiry(shown: dict[str, Any]) -> Iterator[str]:
    overdue = " (overdue)" if shown["overdue"] else ""
    yield from fields(
        [
            ("enquiry", f"{shown['reference']}@{shown['revision']}"),
            ("status", shown["status"] + overdue),
            ("priority", shown["priority"]),
            ("topic", shown["topic"]),
            ("assignee", shown["assignee"]),
            ("name", shown["name"]),
            ("email", shown["email"]),
            ("phone", shown["phone"]),
            ("contact by", ", ".join(shown["contact_by"]) or None),
            ("page", shown["page"]),
            ("written", shown["created_at"]),
            ("consent", shown["consent_version"]),
            *_reasons(shown),
            ("message", shown["message"]),
            *[("note", f"{note['at']} {note['actor']}\n{note['text']}") for note in shown["notes"]],
        ]
    )
    yield from _describe_history(shown["history"])


def _reasons(shown: dict[str, Any]) -> list[tuple[str, object]]:
    return [("reason", f"{reason['text']} ({reason['code']})") for reason in shown["reasons"]]


def _describe_history(history: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    rows = [[act[name] for name in ("at", "actor", "action", "from", "to", "reason")] for act in history]
    yield from table(("AT", "ACTOR", "ACTION", "FROM", "TO", "REASON"), rows)
