"""Deliveries: what became of each mail to each address; send one again. No address is shown."""

import argparse
from typing import Any, get_args

from chalicelib import outbox
from chalicelib.commands.comments import tell_end
from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import table
from chalicelib.commands.refusals import not_found
from chalicelib.commands.run import Run, collect
from chalicelib.commands.typed import item_id
from chalicelib.errors import NotFound
from chalicelib.outbox import STATES_BY_NEED, OutboxEntry, State
from chalicelib.showing import show_delivery
from chalicelib.staff_tokens import Actor


def add_commands(group: Group) -> None:
    parent = group.group("deliveries", "Mail: list what became of it, send one again.")
    listed = parent.command(
        "list",
        "Deliveries of a state, or of all: what wants a person first. Oldest first in each.",
        _list,
        "deliveries list --local",
        "deliveries list --state failed --newest --local",
    )
    listed.add_argument("--state", choices=get_args(State))
    listed.add_argument("--newest", action="store_true", help="newest first")
    add_limit(listed)
    resend = parent.command(
        "resend",
        "Send a mail again, whatever came of it, unless it is under way.",
        _resend,
        "deliveries resend d01m84xbzv5a7c9e1g3j5k7m9p2 --local",
        changes=("outbox_table", "audit_table", "mail_queue_url"),
    )
    resend.add_argument("id", type=item_id, help="a delivery's id")


def _list(options: argparse.Namespace, run: Run) -> bool:
    entries: list[OutboxEntry] = []
    more = False
    for state in (options.state,) if options.state else STATES_BY_NEED:
        if len(entries) >= options.limit:
            more = True
            break

        def fetch(limit: int, after: Any, state: State = state) -> tuple[list[OutboxEntry], Any]:
            page = run.desk.store.outbox_entries.list_by_state(
                state, newest_first=options.newest, limit=limit, after=after
            )
            return page.entries, page.next_key

        found, more = collect(fetch, options.limit - len(entries))
        entries += found
    shown = [show_delivery(entry) for entry in entries]
    names = ("id", "kind", "state", "reason", "attempts", "created_at", "subject_id")
    lines = table([name.upper() for name in names], [[entry[name] for name in names] for entry in shown])
    run.screen.answer({"deliveries": shown, "more": more}, lines)
    tell_end(len(shown), more, "Deliveries", run)
    return True


def _resend(options: argparse.Namespace, run: Run) -> bool:
    run.screen.confirm("This sends the mail again. Go on?")
    desk = run.desk
    try:
        entry = outbox.resend(options.id, Actor(run.actor, "admin"), desk.now(), desk.store)
    except NotFound:
        run.screen.say(not_found("delivery", options.id))
        return False
    # At once; where the queue does not take it, housekeeping brings it.
    desk.queue.send([entry.id])
    run.screen.answer(show_delivery(entry), ["It is on its way again."])
    return True
