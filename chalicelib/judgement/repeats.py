"""What those before it tell of a submission: that something else came of its form, or its text without one.

A submission is stored by the same calls whether it is the first or not: else the time of an answer would
tell. It leaves a *mark* on its order to mail, no more; the mail function, for which nobody waits, looks who
had that mark first (`chalicelib/mail/repeating.py`).
"""

import re

from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import OrderKind
from chalicelib.submissions import Hashing, Visit

_REASONS = {
    "form": Reason("form_token_replayed", "Something else was sent from the same opening of the form."),
    "text": Reason("sent_before", "The same text came before on this day, from no form of the site either."),
}
_NO_LETTER_NOR_FIGURE = re.compile(r"[\W_]+")
# What is shorter, two people may well say.
_SHORTEST_TEXT = 24


def make_mark(kind: OrderKind, subject_id: str, message: str, visit: Visit, hashing: Hashing) -> str:
    """Return the mark of a submission: what there should be one of, as a keyed hash.

    That is its form or, where it came of none, its text on this day: programs that post without the form
    send one text again and again. A text that comes with good forms is not compared.
    """
    if visit.form:
        return f"form#{visit.form.hex()}"
    text = _NO_LETTER_NOR_FIGURE.sub("", message.casefold())
    # A short text has a mark that nobody looks at: that it has none could be told by the time.
    by, marked = ("none", subject_id) if len(text) < _SHORTEST_TEXT else ("text", f"{visit.at.date()}:{text}")
    return f"{by}#{hashing.digest(f'{kind} text', marked).hex()}"


def reason_of(mark: str) -> Reason | None:
    """What is told of all submissions with this mark but the first; None where nothing is to be told."""
    return _REASONS.get(mark.partition("#")[0])
