"""What staff are told about a comment beside what is stored of it: made anew whenever they look."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.rules import Rules


class Looked(Protocol):
    """A comment, as far as it is looked at."""

    @property
    def text(self) -> str: ...

    @property
    def original_text(self) -> str: ...

    @property
    def decided_at(self) -> datetime | None: ...

    @property
    def staff(self) -> bool: ...

    @property
    def readable(self) -> bool: ...


class Scorer(Protocol):
    def score(self, text: str) -> float | None: ...


@dataclass(frozen=True, repr=False)
class Insight:
    """`score` is how much it looks like what moderators here marked as spam, 0 to 1: shown, never acted upon.

    `proposed_text` is what the rules would show instead, to take over or not. None: nothing to say.
    """

    score: float | None = None
    proposed_text: str | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Beside those that were found when it came."""
        # Here: this module is loaded in the public function too, which scores nothing.
        from chalicelib.judgement.learning import explain  # noqa: PLC0415

        return explain(self.score)


NOTHING = Insight()


def look_at(comment: Looked, rules: Rules, find_model: Callable[[], Scorer | None]) -> Insight:
    """`find_model` returns None where too little was learnt so far, or the model cannot be had."""
    if comment.staff or not comment.readable:
        # Staff know what they write, and a notice of ours has nothing to take away.
        return NOTHING
    # What somebody has decided on needs no guess any more.
    model = find_model() if comment.decided_at is None else None
    return Insight(
        score=model.score(comment.original_text) if model else None,
        proposed_text=rules.propose_text(comment.text),
    )
