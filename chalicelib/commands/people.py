"""For the person concerned: all that is held about one address, and its erasure.

Both go on to the end, however long it takes; broken off, an erasure is run again and goes on. The address
is told to nobody: neither the audit trail nor what a command says repeats it.
"""

import argparse
import json
from collections import Counter
from datetime import timedelta
from typing import Any

from chalicelib import people
from chalicelib.addresses import NotAnAddress, normalise_address
from chalicelib.audit import Act
from chalicelib.commands.group import Group
from chalicelib.commands.run import Run, WrongUsage
from chalicelib.commands.typed import from_keyboard
from chalicelib.people import KINDS, Place
from chalicelib.showing import show_found

# RFC 5321, 4.5.3.1.3, without the angle brackets.
_LONGEST_ADDRESS = 254
# All their ids stand in one entry of the audit trail.
_MOST_IDS = 500


def add_commands(group: Group) -> None:
    parent = group.group("people", "One person, by their address: export all that is held, or erase it.")
    export = parent.command(
        "export",
        "All that is held about one address, as one JSON document. It is noted in the audit trail.",
        _export,
        "people export robin@example.org --local > robin.json",
        "people export - --stage prod --region eu-west-1",
    )
    erase = parent.command(
        "erase",
        "Erase everything held about one address. It cannot be taken back. Broken off, run it again.",
        _erase,
        "people erase robin@example.org --local",
        "people erase - --yes --json --stage prod --region eu-west-1",
        changes=(
            *("comments_table", "pages_table", "enquiries_table", "outbox_table"),
            *("suppressions_table", "guard_table", "audit_table"),
        ),
    )
    for parser in (export, erase):
        parser.add_argument("address", help="- is stdin, and leaves no trace in the shell's history")


def _export(options: argparse.Namespace, run: Run) -> bool:
    desk = run.desk
    hashes = _hashes(options, run)
    subject, now = people.new_request(desk.now()), desk.now()
    reply_within = timedelta(hours=desk.settings.reply_hours)
    shown: dict[str, list[Any]] = {}
    ids: list[str] = []
    for found in people.export(hashes, Place(), now, desk.store):
        for name, items in show_found(found, now, reply_within).items():
            shown.setdefault(name, []).extend(items)
        ids += found.ids
        if len(ids) >= _MOST_IDS:
            _note(subject, ids, run)
            ids = []
    # Before anything is shown; also where nothing is held, for to ask after somebody is an act too.
    _note(subject, ids, run)
    document = {"request": subject, **shown}
    run.screen.answer(document, [json.dumps(document, indent=2)])
    run.screen.say(", ".join(f"{name}: {len(items):,}" for name, items in shown.items()))
    return True


def _note(subject: str, ids: list[str], run: Run) -> None:
    act = Act(subject, run.actor, "export", run.desk.now(), read_ids=tuple(ids))
    run.desk.store.record_reading(act)


def _erase(options: argparse.Namespace, run: Run) -> bool:
    desk = run.desk
    hashes = _hashes(options, run)
    run.screen.confirm("This erases all that is held about this address, and cannot be taken back. Erase?")
    subject = people.new_request(desk.now())
    erased, kept = Counter(dict.fromkeys(KINDS, 0)), 0
    for step in people.erase(hashes, subject, run.actor, desk.now, desk.store):
        erased[step.kind] += step.number
        kept += step.kept
    document = {"request": subject, "erased": erased, "kept": {"deliveries": kept}}
    run.screen.answer(document, [f"{name}: {number:,} erased" for name, number in erased.items()])
    if kept:
        run.screen.say(f"{kept:,} mails to staff are still on their way: run it again later.")
    return True


def _hashes(options: argparse.Namespace, run: Run) -> list[str]:
    """The address under every secret: some may be from before a rotation. Raises WrongUsage."""
    typed = from_keyboard(options.address, run.screen.keyboard, _LONGEST_ADDRESS)
    try:
        address = normalise_address(typed)
    except NotAnAddress:
        raise WrongUsage("This is not an email address.") from None
    return [hasher.address(address) for hasher in run.desk.hasher.every()]
