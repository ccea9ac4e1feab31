"""Enquiries: what waits for a reply, one of them, and what staff do about it."""

import argparse
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_args

from chalicelib import enquiries
from chalicelib.commands.comments import age_of, show_one_enquiry, tell_end
from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import cut, printable, table
from chalicelib.commands.refusals import not_found
from chalicelib.commands.run import Run, WrongUsage, collect
from chalicelib.commands.typed import LONGEST_NAME, LONGEST_NOTE, from_keyboard, item_id, seen, text_of
from chalicelib.enquiries import Enquiry, EnquiryChange, EnquiryStatus
from chalicelib.errors import NotFound
from chalicelib.ids import heard_reference
from chalicelib.readings import note_list
from chalicelib.showing import show_enquiry

_COLUMNS_OF_TEXT = 40


def add_commands(group: Group) -> None:
    parent = group.group("enquiries", "Enquiries: list, show, set status, assignee and notes.")
    listed = parent.command(
        "list",
        "Enquiries of a status, by default new ones, oldest first. Each is noted in the audit trail as read.",
        _list,
        "enquiries list --local",
        "enquiries list --status in_progress --topic family --all --json --local",
    )
    listed.add_argument("--status", choices=get_args(EnquiryStatus), default="new", help="new, if left out")
    listed.add_argument("--topic", help="those of one topic")
    listed.add_argument("--newest", action="store_true", help="newest first")
    add_limit(listed)
    show = parent.command(
        "show",
        "One enquiry, with its notes and history. It is noted in the audit trail as read.",
        _show,
        "enquiries show 7KQ2M-8XD4T --local",
    )
    show.add_argument("reference", type=item_id)
    change = parent.command(
        "set",
        "Change an enquiry as it was when it was seen: its status, who has it, or a note more.",
        _set,
        'enquiries set 7KQ2M-8XD4T@1 --status in_progress --assign "Kim" --local',
        "enquiries set 7KQ2M-8XD4T@2 --note - --local",
        changes=("enquiries_table", "audit_table"),
    )
    change.add_argument("seen", type=seen, metavar="REFERENCE@REVISION", help="as the list prints it")
    change.add_argument("--status", choices=get_args(EnquiryStatus))
    assignee = change.add_mutually_exclusive_group()
    assignee.add_argument(
        "--assign", type=text_of(LONGEST_NAME), metavar="NAME", help="who has it from now on"
    )
    assignee.add_argument("--unassign", action="store_true", help="take it from whoever has it")
    note = "a note, private as the enquiry is; - is stdin, and leaves no trace in the shell's history"
    change.add_argument("--note", type=text_of(LONGEST_NOTE), metavar="TEXT", help=note)


def _list(options: argparse.Namespace, run: Run) -> bool:
    desk = run.desk

    def fetch(limit: int, after: Any) -> tuple[list[Enquiry], Any]:
        found = desk.store.enquiries.list_by_status(
            options.status, newest_first=options.newest, limit=limit, after=after, topic=options.topic
        )
        note_list("enquiries", [e.reference for e in found.enquiries], run.actor, desk.now(), desk.store)
        return found.enquiries, found.next_key

    found, more = collect(fetch, options.limit)
    headings = ("REFERENCE@REVISION", "", "AGE", "TOPIC", "ASSIGNEE", "MESSAGE")
    document = {"enquiries": [_show_one(enquiry, run) for enquiry in found], "more": more}
    run.screen.answer(document, table(headings, _rows(found, desk.now(), run)))
    tell_end(len(found), more, "Enquiries", run)
    return True


def _rows(found: list[Enquiry], now: datetime, run: Run) -> Iterator[tuple[object, ...]]:
    for enquiry in found:
        overdue = "overdue" if enquiry.is_overdue(now, _reply_within(run)) else ""
        urgent = "URGENT" if enquiry.priority == "urgent" else overdue
        text = cut(printable(enquiry.letter.message), _COLUMNS_OF_TEXT)
        age = age_of(now - enquiry.created_at)
        yield f"{enquiry.reference}@{enquiry.revision}", urgent, age, enquiry.topic, enquiry.assignee, text


def _show(options: argparse.Namespace, run: Run) -> bool:
    try:
        show_one_enquiry(heard_reference(options.reference), run)
    except NotFound:
        run.screen.say(not_found("enquiry", options.reference))
        return False
    return True


def _set(options: argparse.Namespace, run: Run) -> bool:
    is_assigned = options.unassign or options.assign is not None
    if options.status is None and not is_assigned and options.note is None:
        raise WrongUsage("Say what to set: --status, --assign, --unassign or --note.")
    note = None if options.note is None else from_keyboard(options.note, run.screen.keyboard, LONGEST_NOTE)
    change = EnquiryChange(options.status, is_assigned, options.assign, note)
    desk, wanted = run.desk, options.seen
    try:
        enquiry = enquiries.change_enquiry(
            wanted.id, change, {wanted.revision}, run.actor, desk.now(), desk.store
        )
    except NotFound:
        run.screen.say(not_found("enquiry", wanted.id))
        return False
    told = f"{enquiry.reference}@{enquiry.revision}  {enquiry.status}"
    run.screen.answer(_show_one(enquiry, run), [told])
    return True


def _show_one(enquiry: Enquiry, run: Run) -> dict[str, Any]:
    return show_enquiry(enquiry, run.desk.now(), _reply_within(run))


def _reply_within(run: Run) -> timedelta:
    return timedelta(hours=run.desk.settings.reply_hours)
