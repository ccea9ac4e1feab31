"""The audit trail: who did what, and whether the chains of entries hold."""

import argparse
from typing import Any

from chalicelib.audit import Entry, find_break
from chalicelib.commands.comments import tell_end
from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import table
from chalicelib.commands.run import Run, collect
from chalicelib.showing import show_entry


def add_commands(group: Group) -> None:
    audit = group.group("audit", "The audit trail: verify its chains, list its entries.")
    verify = audit.command(
        "verify",
        "Check every subject's chain of hashes, and name the first break of each that does not hold.",
        _verify,
        "audit verify --local",
        "audit verify --subject c01ng97crd0gsnvhb8tsv0yzw2j --local",
    )
    subject = (
        "a comment's id, an enquiry's reference, a token's id, pages/<page>, comments/<actor>, keys, mail"
    )
    verify.add_argument("--subject", help=subject)
    listed = audit.command(
        "list",
        "Entries, newest first: everybody's, one subject's, or one actor's.",
        _list,
        "audit list --limit 20 --local",
        "audit list --actor command:kim --all --json --local",
    )
    listed.add_argument("--subject", help=subject)
    listed.add_argument(
        "--actor", help="such as token:t01…, oidc:<sub>, link:<delivery id>, command:<account>"
    )
    add_limit(listed)


def _verify(options: argparse.Namespace, run: Run) -> bool:
    trail = run.desk.store.audit
    subjects = [options.subject] if options.subject else sorted(trail.subjects())
    progress = run.screen.progress("chains", len(subjects))
    broken = []
    for subject in subjects:
        sequence = find_break(trail.history(subject))
        if sequence is not None:
            broken.append({"subject": subject, "sequence": sequence})
        progress.step()
    lines = table(("SUBJECT", "BROKEN AT"), [[b["subject"], b["sequence"]] for b in broken])
    run.screen.answer({"chains": len(subjects), "broken": broken}, lines)
    run.screen.say(f"{len(subjects) - len(broken):,} of {len(subjects):,} chains hold")
    return not broken


def _list(options: argparse.Namespace, run: Run) -> bool:
    trail, now = run.desk.store.audit, run.desk.now()

    def fetch(limit: int, after: Any) -> tuple[list[Entry], Any]:
        if options.subject is not None:
            page = trail.list_of_subject(options.subject, options.actor, limit, after)
        elif options.actor is not None:
            page = trail.list_of_actor(options.actor, limit, after)
        else:
            page = trail.list_all(limit, after, now)
        return page.entries, page.next_place

    entries, more = collect(fetch, options.limit)
    shown = [show_entry(entry) for entry in entries]
    names = ("at", "actor", "action", "subject", "from", "to", "reason")
    lines = table([name.upper() for name in names], [[entry[name] for name in names] for entry in shown])
    run.screen.answer({"entries": shown, "more": more}, lines)
    tell_end(len(entries), more, "Entries", run)
    return True
