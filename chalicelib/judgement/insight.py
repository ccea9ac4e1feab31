"""What staff are told about a comment beside what is stored of it: made anew whenever they look."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from chalicelib.judgement.reasons import ADDRESS_RATE, FIRST_TIME_AUTHOR, Reason
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

    @property
    def created_at(self) -> datetime: ...


AnyLooked = TypeVar("AnyLooked", bound=Looked)


class Scorer(Protocol):
    def score(self, text: str) -> float | None: ...


@dataclass(frozen=True, repr=False)
class Insight:
    """`score` is how much it looks like what moderators here marked as spam, 0 to 1: shown, never acted upon.

    `proposed_text` is what the rules would show instead, to take over or not. None where nothing is to be
    said. `of_author` is what else its author wrote, in reasons, where that was asked.
    """

    score: float | None = None
    proposed_text: str | None = None
    of_author: tuple[Reason, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Beside those that were found when it came."""
        # Here: this module is loaded in the public function too, which scores nothing.
        from chalicelib.judgement.learning import explain  # noqa: PLC0415

        return (*explain(self.score), *self.of_author)


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


@dataclass(frozen=True)
class AddressRate:
    """How many comments may come under one address within a window before that is told."""

    limit: int
    window: timedelta


def look_closely(
    comment: AnyLooked,
    rules: Rules,
    find_model: Callable[[], Scorer | None],
    list_times_before: Callable[[AnyLooked, int], list[datetime]],
    rate: AddressRate,
) -> Insight:
    """As `look_at`, with what is asked of one comment alone: in a list it would cost a query each.

    `list_times_before` tells when its author wrote the last so many before it, newest first. When the
    comment came it could not be asked: the public function may not query, and the time would tell a stranger.
    """
    insight = look_at(comment, rules, find_model)
    if comment.author_hmac is None:
        return insight
    before = list_times_before(comment, rate.limit)
    return replace(insight, of_author=_explain_author(before, comment.created_at, rate))


def _explain_author(before: list[datetime], at: datetime, rate: AddressRate) -> tuple[Reason, ...]:
    if not before:
        return (FIRST_TIME_AUTHOR,)
    # The comment itself is one more than those before it.
    within = [time for time in before if time > at - rate.window]
    return (ADDRESS_RATE,) if len(within) >= rate.limit else ()
