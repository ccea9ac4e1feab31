"""What the classifier has learnt: in figures, and learnt anew from stored decisions.

Decisions teach as they are made, so `retrain` is needed in two cases only: where comments were decided on
before there was a classifier, and after the hash secret was rotated (once every function has been restarted),
for what was learnt under another secret means nothing under this one.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from chalicelib.commands.group import Group
from chalicelib.commands.printable import fields
from chalicelib.commands.run import AT_ONCE, Run
from chalicelib.comments import Comment
from chalicelib.errors import StaleRevision
from chalicelib.wiring import Desk


def add_commands(group: Group) -> None:
    model = group.group("model", "The classifier: what it has learnt, and learn anew.")
    model.command(
        "show",
        "From how many decisions it has learnt, and whether they are enough to score.",
        _show,
        "model show --local",
    )
    model.command(
        "retrain",
        "Learn from the stored decisions that it has not learnt from, and delete what it learnt under "
        "earlier secrets. Broken off, it goes on where it was.",
        _retrain,
        "model retrain --local",
        "model retrain --yes --json --stage prod --region eu-west-1",
        changes=("comments_table", "model_table"),
    )


def _show(_options: argparse.Namespace, run: Run) -> bool:
    described = run.desk.store.get_model().describe()
    run.screen.answer(described, _lines(described))
    return True


def _retrain(_options: argparse.Namespace, run: Run) -> bool:
    run.screen.confirm(
        "This learns from every stored decision, and deletes what was learnt under earlier secrets. Go on?"
    )
    model = run.desk.store.get_model()
    progress = run.screen.progress("decisions looked at")
    learnt = 0
    for page in _decided(run.desk):
        for comment in page:
            learnt += _learn(comment, run.desk)
            progress.step()
        while model.fold():
            pass
    progress.end()
    deleted = model.delete_other_generations()
    document = {"learnt": learnt, "deleted": deleted, **model.describe()}
    run.screen.answer(document, _lines(document))
    return True


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    named = {
        "learnt now": shown.get("learnt"),
        "deleted": shown.get("deleted"),
        "generation": shown["generation"],
        "approved": shown["approved"],
        "spam": shown["spam"],
        "scores": "yes" if shown["scores"] else "no: too little was decided",
        "to fold": shown["lessons_to_fold"],
    }
    yield from fields(named.items())


def _decided(desk: Desk) -> Iterator[list[Comment]]:
    """Pages of comments that can teach something."""
    for status in ("approved", "spam"):
        after = None
        while True:
            page = desk.store.comments.list_by_status(status, newest_first=False, limit=AT_ONCE, after=after)
            yield page.comments
            after = page.next_key
            if after is None:
                break


def _learn(comment: Comment, desk: Desk) -> bool:
    """Whether it taught something new."""
    taught = desk.store.get_model().taught_by(comment)
    if taught is None or taught == comment.taught or not comment.readable:
        return False
    try:
        desk.store.teach(comment, taught)
    except StaleRevision:
        # Decided on since it was listed: that decision has taught.
        return False
    return True
