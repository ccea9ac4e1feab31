"""What every command works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.audit import Act
from chalicelib.commands.screen import Screen
from chalicelib.wiring import Desk

# As many as the API gives in one answer: an audit entry of a list has no more ids than one of the API's.
AT_ONCE = 100

T = TypeVar("T")


class WrongUsage(Exception):
    """What was typed cannot be meant. The text is a sentence that says why."""


@dataclass(frozen=True)
class Run:
    desk: Desk
    # As the audit trail names them.
    actor: str
    screen: Screen


def note(run: Run, subject: str, action: str, after: str | None = None) -> None:
    """Put into the audit trail what is done next, for all that a `subject` (`keys`, `mail`) stands for.

    Before it is done, as a reading is: what cannot be noted is not done. Raises Unavailable.
    """
    run.desk.store.record_reading(Act(subject, run.actor, action, run.desk.now(), after=after))


def collect(fetch: Callable[[int, Any], tuple[list[T], Any]], limit: int) -> tuple[list[T], bool]:
    """Fetch page after page, up to `limit` items; and say whether there may be more.

    `fetch` takes how many at most and where to go on (None at first), and returns items and the next place.
    """
    items: list[T] = []
    place: Any = None
    while True:
        found, place = fetch(min(AT_ONCE, limit - len(items)), place)
        items += found
        if place is None or len(items) >= limit:
            return items, place is not None
