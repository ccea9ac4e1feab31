"""What staff are told about a comment beside what is stored of it: made anew whenever they look."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from chalicelib.judgement.reasons import FIRST_TIME_AUTHOR, Reason
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

    @property
    def author_hmac(self) -> str | None: ...


AnyLooked = TypeVar("AnyLooked", bound=Looked)


class Scorer(Protocol):
    def score(self, text: str) -> float | None: ...


@dataclass(frozen=True, repr=False)
class Insight:
    """`score` is how much it looks like what moderators here marked as spam, 0 to 1: shown, never acted upon.

    `proposed_text` is what the rules would show instead, to take over or not. None where nothing is to be
    said. `by_first_time_author` where that was asked, and nothing is kept that the author wrote before.
    """

    score: float | None = None
    proposed_text: str | None = None
    by_first_time_author: bool = False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Beside those that were found when it came."""
        # Here: this module is loaded in the public function too, which scores nothing.
        from chalicelib.judgement.learning import explain  # noqa: PLC0415

        return (*explain(self.score), *[FIRST_TIME_AUTHOR] * self.by_first_time_author)


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


def look_closely(
    comment: AnyLooked,
    rules: Rules,
    find_model: Callable[[], Scorer | None],
    is_first_of_author: Callable[[AnyLooked], bool],
) -> Insight:
    """As `look_at`, with what is asked of one comment alone: in a list it would cost a query each.

    The public function, which may not query, could not ask it when the comment came.
    """
    is_first = comment.author_hmac is not None and is_first_of_author(comment)
    return replace(look_at(comment, rules, find_model), by_first_time_author=is_first)
