"""What is found about a submission, in words for moderators."""

from dataclasses import dataclass
from typing import Literal

Priority = Literal["normal", "urgent"]


@dataclass(frozen=True)
class Reason:
    """Why something was held: a stable code, and a sentence that a moderator understands.

    The sentence is ours, and quotes nothing of what was written.
    """

    code: str
    text: str


# What is told of a comment's author when staff look, and never stored. The first is no ground for suspicion.
FIRST_TIME_AUTHOR = Reason("first_time_author", "Nothing else is kept that this address wrote before.")
ADDRESS_RATE = Reason("address_rate", "Much was sent under this address within a short time.")


@dataclass(frozen=True)
class Judgement:
    """What is found about one submission. It is held either way: a person decides."""

    reasons: tuple[Reason, ...] = ()
    is_spam: bool = False
    priority: Priority = "normal"
