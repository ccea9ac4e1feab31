"""What went wrong, in the API's codes and in a sentence for whoever is at the terminal."""

import re
from collections.abc import Callable

from chalicelib import errors
from chalicelib.aws_errors import explain
from chalicelib.errors import FrontdeskError
from chalicelib.ids import is_comment_id, is_reference

_SENTENCES: dict[type[FrontdeskError], tuple[str, str]] = {
    errors.NotFound: ("not_found", "There is no such item."),
    errors.IllegalTransition: ("illegal_transition", "It cannot go to that status from its own."),
    errors.StaleRevision: ("stale_revision", "It has a newer revision: look at it again."),
    errors.RevisionRequired: ("revision_required", "The revision is missing."),
    errors.InvalidFields: ("invalid_fields", ""),
    errors.Unavailable: ("unavailable", ""),
}
# Ids say by their form what they are ids of (chalicelib/ids.py).
_KINDS: dict[str, Callable[[str], object]] = {
    "comment": is_comment_id,
    "enquiry": is_reference,
    "token": re.compile("t[0-9a-z]{26}").fullmatch,
}


def code_of(error: FrontdeskError) -> str:
    return _SENTENCES[type(error)][0]


def sentence_of(error: FrontdeskError) -> str:
    """A sentence, or a few. No word of what anybody typed."""
    if isinstance(error, errors.InvalidFields):
        return " ".join(f"{problem.field}: {problem.message}" for problem in error.problems)
    if isinstance(error, errors.Unavailable):
        return f"{error.what}: {explain(error)} Run it again: it goes on."
    return _SENTENCES[type(error)][1] if type(error) in _SENTENCES else f"{type(error).__name__}."


def not_found(wanted: str, item_id: str) -> str:
    """That there is no such `wanted`; and what the id seems to be of, where that is something else."""
    other = [kind for kind, is_of in _KINDS.items() if is_of(item_id) and kind not in wanted]
    hint = f" The id has the form of another kind: {other[0]}." if other else ""
    return f"There is no such {wanted}.{hint}"
