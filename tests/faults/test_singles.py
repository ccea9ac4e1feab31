"""One fault at each call on the way from a POST to SES: nothing lost, nothing doubled but in SES's window."""

from collections.abc import Callable

import pytest

from tests.faults.kinds import ANYWHERE, FAULTS, SES_ALONE
from tests.faults.matrix import Outcome, list_distinct, play
from tests.faults.stories import STORIES
from tests.faults.world import Engine

pytestmark = pytest.mark.faults
Record = Callable[[str], Outcome]

# Where a second mail may come of one fault, and only where SES reports nothing: SES took it, and the
# note of that never reached the outbox.
WINDOW = {
    ("mail: SendEmail", "timeout after it took effect"),
    ("mail: SendEmail", "connection reset after"),
    ("mail: SendEmail", "crash after"),
    ("mail: UpdateItem outbox of a delivery as sent", "crash before"),
    ("mail: UpdateItem outbox of a delivery as sent", "conflict"),
    ("mail: UpdateItem outbox of a delivery as sent", "throttled always"),
}


@pytest.mark.parametrize("story", STORIES)
def test_without_a_fault_each_mail_is_sent_once_and_at_once(record: Record, story: str) -> None:
    recorded = record(story)
    assert recorded.violations == ()
    assert (recorded.doubled, recorded.unsent, recorded.dead) == (0, 0, 0)
    assert recorded.delay.total_seconds() == 0
    assert recorded.mails > 0


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_breaks_no_promise(
    engine: Engine, keys: dict[str, str], record: Record, story: str, fault: str
) -> None:
    outcomes = [
        play(engine, keys, case) for case in list_distinct(record(story)) if case.strikes[0][1] == fault
    ]
    assert [str(outcome) for outcome in outcomes if outcome.violations] == []
    doubled = {(_struck(outcome), fault) for outcome in outcomes if outcome.doubled}
    assert doubled == (
        {key for key in WINDOW if key[1] == fault} if story == "a comment, no reports" else set()
    )


def test_every_fault_can_strike_somewhere_and_every_call_is_struck(record: Record) -> None:
    steps = [step for story in STORIES for step in record(story).steps]
    assert {fault for step in steps for fault in step.faults} == set(FAULTS)
    # Every call can be refused, lost and cut off by the function's death.
    assert all(len(step.faults) >= 5 for step in steps)
    operations = {step.label.split()[1] for step in steps}
    assert {
        "TransactWriteItems",
        "UpdateItem",
        "GetItem",
        "Query",
        "BatchGetItem",
        "SendMessageBatch",
        "SendEmail",
    } <= (operations)
    assert len(ANYWHERE) + len(SES_ALONE) == len(FAULTS)


def _struck(outcome: Outcome) -> str:
    [(number, _)] = outcome.case.strikes
    return outcome.steps[number].label
