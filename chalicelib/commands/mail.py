"""Mail that is stuck: dead letters, and what SES holds. What has been sent meanwhile is not sent again."""

import argparse
from contextlib import suppress
from typing import Any

from chalicelib.commands.group import Group
from chalicelib.commands.printable import table
from chalicelib.commands.run import Run, collect, note
from chalicelib.errors import NotFound
from chalicelib.outbox import OutboxEntry
from chalicelib.showing import show_delivery
from chalicelib.storage.outbox import NotClaimed
from chalicelib.times import to_text

_EVERYTHING = 10**9


def add_commands(group: Group) -> None:
    dead_letters = group.group(
        "dead-letters", "What the mail function could not handle: list it, bring it again."
    )
    dead_letters.command(
        "list",
        "How many there are, and up to 100 of them; they stay. What is looked at is hidden for 5 seconds.",
        _list_dead_letters,
        "dead-letters list --local",
    )
    dead_letters.command(
        "redrive",
        "Bring each to the mail function again, once. Mend first what stands in their reasons.",
        _redrive,
        "dead-letters redrive --local",
        changes=("mail_dead_letter_queue_url", "mail_queue_url", "audit_table"),
    )
    mail = group.group("mail", "Mail that SES holds: try it now.")
    mail.command(
        "resume",
        "Try all held mail now rather than within ten minutes.",
        _resume,
        "mail resume --local",
        changes=("outbox_table", "mail_queue_url", "audit_table"),
    )


def _list_dead_letters(_options: argparse.Namespace, run: Run) -> bool:
    count, letters = run.desk.queue.list_dead_letters()
    shown = [
        {
            "outbox_id": letter.outbox_id,
            "sent_at": to_text(letter.sent_at),
            "delivery": _find_delivery(letter.outbox_id, run),
        }
        for letter in letters
    ]
    rows = [_row(letter) for letter in shown]
    lines = table(("OUTBOX ID", "SENT", "KIND", "STATE", "REASON"), rows)
    run.screen.answer({"count": count, "dead_letters": shown}, lines)
    run.screen.say(f"Dead letters: {count:,}")
    return True


def _find_delivery(outbox_id: str | None, run: Run) -> dict[str, Any] | None:
    if outbox_id is None:
        return None
    with suppress(NotFound):
        return show_delivery(run.desk.store.outbox_entries.get(outbox_id))
    return None


def _row(letter: dict[str, Any]) -> list[Any]:
    delivery = letter["delivery"] or {}
    return [letter["outbox_id"], letter["sent_at"], *map(delivery.get, ("kind", "state", "reason"))]


def _redrive(_options: argparse.Namespace, run: Run) -> bool:
    run.screen.confirm("This brings every dead letter to the mail function again. Go on?")
    note(run, "mail", "redrive")
    redriven = run.desk.queue.redrive()
    run.screen.answer({"redriven": redriven}, [f"{redriven:,} brought again."])
    return True


def _resume(_options: argparse.Namespace, run: Run) -> bool:
    """What is held now: were it looked up again and again, what SES still holds would go round for ever."""
    run.screen.confirm("This tries all held mail now. Go on?")
    note(run, "mail", "resume")
    desk, store = run.desk, run.desk.store

    def fetch(limit: int, after: Any) -> tuple[list[OutboxEntry], Any]:
        page = store.outbox_entries.list_by_state("held", newest_first=False, limit=limit, after=after)
        return page.entries, page.next_key

    held, _ = collect(fetch, _EVERYTHING)
    progress = run.screen.progress("held mails", len(held))
    resumed = 0
    for entry in held:
        with suppress(NotClaimed):
            store.outbox.mark(entry.id, "held", "pending", None, desk.now())
            desk.queue.send([entry.id])
            resumed += 1
        progress.step()
    run.screen.answer({"resumed": resumed}, [f"{resumed:,} will be tried now."])
    return True
