"""What staff are told about a comment beside what is stored of it: made anew whenever they look."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.judgement.rules import Rules


class Looked(Protocol):
    """A comment, as far as it is looked at."""

    @property
    def text(self) -> str: ...

    @property
    def staff(self) -> bool: ...

    @property
    def readable(self) -> bool: ...


@dataclass(frozen=True, repr=False)
class Insight:
    """`proposed_text` is what the rules would show instead, to take over or not."""

    proposed_text: str | None = None


NOTHING = Insight()


def look_at(comment: Looked, rules: Rules) -> Insight:
    if comment.staff or not comment.readable:
        # Staff know what they write, and a notice of ours has nothing to take away.
        return NOTHING
    return Insight(rules.propose_text(comment.text))
