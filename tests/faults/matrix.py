"""The matrix: each call on the way from a POST to SES, and each fault that can strike there.

The calls are listed nowhere: a run without faults is recorded, and each call that it made is struck.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from botocore.awsrequest import AWSResponse

from tests.faults.calls import Call, Send, Strike
from tests.faults.invariants import find_violations
from tests.faults.kinds import FAULTS, Fault
from tests.faults.stories import STORIES, Story, Told
from tests.faults.world import Engine, World

# So that a message is brought all its five times, and is dead, before somebody mends what is broken.
_UNTIL_MENDED = timedelta(minutes=20)


@dataclass(frozen=True)
class Case:
    """A story, and the faults that strike: at which call of the run, and what."""

    story: str
    strikes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Step:
    """A call as it was made, and the faults that can happen to it."""

    number: int
    label: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a case came to. `delay` is the longest that somebody waited for a mail that came."""

    case: Case
    steps: tuple[Step, ...]
    violations: tuple[str, ...]
    mails: int
    doubled: int
    unsent: int
    dead: int
    delay: timedelta

    def __str__(self) -> str:
        labels = {step.number: step.label for step in self.steps}
        struck = ", then ".join(
            f"{fault} at call {n} ({labels.get(n, '?')})" for n, fault in self.case.strikes
        )
        return f"{self.case.story}: {struck or 'no fault'}: {'; '.join(self.violations) or 'all holds'}"


def play(engine: Engine, keys: dict[str, str], case: Case) -> Outcome:
    """Tell the case's story on tables of its own."""
    story = STORIES[case.story]
    engine.line.clear()
    world = World(f"f{uuid.uuid4().hex[:12]}", keys, settings=dict(_SETTINGS), engine=engine, **story.world)
    try:
        told = Told()
        story.prepare(world, told)
        start = len(engine.line.calls)
        engine.line.strikes = {start + n: _strike(world, FAULTS[name]) for n, name in case.strikes}
        try:
            story.tell(world, told)
        except TimeoutError as error:
            told.wrong.append(str(error))
        return _look(world, story, told, case, start, settled=world.settle())
    finally:
        world.delete()


_SETTINGS = {"MAIL_CONFIGURATION_SET": "frontdesk"}


def list_singles(recorded: Outcome, *, again: bool) -> Iterator[Case]:
    """One fault at each call of a run without faults; at those that are made again only with `again`."""
    known: set[str] = set()
    for step in recorded.steps:
        if again or step.label not in known:
            for fault in step.faults:
                yield Case(recorded.case.story, ((step.number, fault),))
        known.add(step.label)


def list_pairs(single: Outcome) -> Iterator[Case]:
    """A second fault at each call that came after the first one's."""
    [(first, fault)] = single.case.strikes
    for step in single.steps:
        if step.number > first:
            for second in step.faults:
                yield Case(single.case.story, ((first, fault), (step.number, second)))


def _strike(world: World, fault: Fault) -> Strike:
    if not fault.lasts:
        return fault.strike

    def strike(call: Call, send: Send) -> AWSResponse:
        world.line.broken[call.kind] = fault.strike
        world.mend_at = world.mend_at or world.now + _UNTIL_MENDED
        return fault.strike(call, send)

    return strike


def _look(world: World, story: Story, told: Told, case: Case, start: int, *, settled: bool) -> Outcome:
    calls = world.line.calls[start:]
    struck = len(set(world.line.strikes) & {call.number for call in world.line.struck})
    refused = any(FAULTS[name].permanent for _, name in case.strikes)
    violations = find_violations(world, told, settled=settled, struck=struck, refused=refused)
    if struck != len(case.strikes):
        violations.append(f"{len(case.strikes) - struck} of the faults did not strike")
    mails = Counter(mail.delivery_id for _, mail in world.taken)
    unsent = [row for row in world.outbox() if row.get("state") in ("held", "failed", "unknown", "pending")]
    return Outcome(
        case=case,
        steps=tuple(Step(call.number - start, str(call), _faults_of(call)) for call in calls),
        violations=tuple(violations),
        mails=mails.total(),
        doubled=sum(count > 1 for count in mails.values()),
        unsent=len(unsent),
        dead=len(world.dead),
        delay=max(_delays(world, told), default=timedelta()),
    )


def _faults_of(call: Call) -> tuple[str, ...]:
    return tuple(fault.name for fault in FAULTS.values() if fault.excuse(call) is None)


def _delays(world: World, told: Told) -> Iterator[timedelta]:
    subjects = {str(row["outbox_id"]): row["subject_id"] for row in world.outbox()}
    for accepted in told.accepted:
        for recipient in accepted.recipients:
            times = [
                at
                for at, mail in world.taken
                if recipient in mail.recipients and subjects.get(mail.delivery_id) == accepted.id
            ]
            if times:
                yield min(times) - accepted.at
