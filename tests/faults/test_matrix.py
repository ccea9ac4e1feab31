"""The fault matrix on an engine with real concurrency: see docs/delivery.md.

`make test` strikes each call of each story with each fault that can happen to it; `make faults` strikes
those that are made again too, and twice.
"""

import pytest

from tests.faults.matrix import Case, Outcome, list_singles, play
from tests.faults.stories import STORIES
from tests.faults.world import Engine

pytestmark = pytest.mark.faults
UNREPORTED = "a comment, no reports"
# The one window: SES took the mail, the note of it never reached the outbox, and no report came. Of whatever
# else may fail, no mail comes twice.
WINDOW = {
    ("mail: SendEmail", "timeout after it took effect"),
    ("mail: SendEmail", "connection reset after"),
    ("mail: SendEmail", "crash after"),
    ("mail: UpdateItem outbox of a delivery as sent", "crash before"),
    ("mail: UpdateItem outbox of a delivery as sent", "throttled always"),
}


@pytest.mark.parametrize("story", STORIES)
def test_every_single_fault_leaves_the_promises_whole(
    engine: Engine, keys: dict[str, str], story: str
) -> None:
    recorded = play(engine, keys, Case(story))
    assert recorded.violations == ()
    assert (recorded.doubled, recorded.unsent, recorded.dead) == (0, 0, 0)
    outcomes = [play(engine, keys, case) for case in list_singles(recorded, again=False)]
    assert len(outcomes) > 50
    violated = [str(outcome) for outcome in outcomes if outcome.violations]
    assert violated == []
    assert {_place(o) for o in outcomes if o.doubled} == (WINDOW if story == UNREPORTED else set())


def _place(outcome: Outcome) -> tuple[str, str]:
    """The call that was struck, and by which fault."""
    [(number, fault)] = outcome.case.strikes
    return outcome.steps[number].label, fault
