"""A page's thread: whether it takes comments, and how many it shows."""

import argparse

from chalicelib import threads
from chalicelib.commands.comments import page_id_of
from chalicelib.commands.group import Group
from chalicelib.commands.printable import fields
from chalicelib.commands.run import Run
from chalicelib.showing import show_page
from chalicelib.threads import PageThread

_CHANGES = ("pages_table", "audit_table")


def add_commands(group: Group) -> None:
    pages = group.group("pages", "A page's thread: see, close or open it.")
    purpose = "Whether a page takes comments, and how many it shows."
    show = pages.command("show", purpose, _show, "pages show /stories --local")
    purpose = (
        "Close a page's thread: visitors add no more, what is there stays. Closed already: nothing changes."
    )
    close = pages.command("close", purpose, _close, "pages close /stories --local", changes=_CHANGES)
    purpose = "Open a page's thread again."
    reopen = pages.command("open", purpose, _open, "pages open /stories --local", changes=_CHANGES)
    for parser in (show, close, reopen):
        parser.add_argument("page", help="the page's address, or its path on the default site")


def _show(options: argparse.Namespace, run: Run) -> bool:
    return _tell(run.desk.store.get_page(page_id_of(options.page, run)), run)


def _close(options: argparse.Namespace, run: Run) -> bool:
    return _set(options, run, closed=True)


def _open(options: argparse.Namespace, run: Run) -> bool:
    return _set(options, run, closed=False)


def _set(options: argparse.Namespace, run: Run, *, closed: bool) -> bool:
    desk = run.desk
    thread = threads.set_closed(page_id_of(options.page, run), closed, run.actor, desk.now(), desk.store)
    return _tell(thread, run)


def _tell(thread: PageThread, run: Run) -> bool:
    state = "closed" if thread.closed else "open"
    lines = fields([("page", thread.page_id), ("thread", state), ("comments", thread.count)])
    run.screen.answer(show_page(thread), lines)
    return True
