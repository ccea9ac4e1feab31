"""The fault matrix on an engine with real concurrency: see docs/delivery.md.

`make test` strikes each call of each story with each fault that can happen to it; `make faults` strikes
those that are made again too, and twice.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.mail.handlers import mail_batch
from tests.acts import add_comment
from tests.faults.engine import patient_sdk, running_engine
from tests.faults.matrix import Case, list_singles, play
from tests.faults.stories import STORIES
from tests.faults.world import Engine, World

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("engine") / "data") as endpoint, patient_sdk():
        yield Engine(endpoint)


@pytest.mark.parametrize("story", STORIES)
def test_every_single_fault_leaves_the_promises_whole(
    engine: Engine, keys: dict[str, str], story: str
) -> None:
    recorded = play(engine, keys, Case(story))
    assert recorded.violations == ()
    assert recorded.doubled == 0
    outcomes = [play(engine, keys, case) for case in list_singles(recorded, again=False)]
    assert len(outcomes) > 50
    violated = [str(outcome) for outcome in outcomes if outcome.violations]
    assert violated == []


def test_one_message_brought_twenty_times_in_eight_threads_is_one_mail(
    engine: Engine, keys: dict[str, str]
) -> None:
    engine.line.clear()
    world = World(f"f{uuid.uuid4().hex[:12]}", keys, engine=engine, reports=())
    try:
        add_comment(world)
        world.carry_stream()
        world.carry_queue()
        world.carry_stream()
        [message] = world.queue
        records = [{"messageId": "m", "body": message.body}]
        desks = [world.fresh_desk("mail") for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda n: mail_batch({"Records": records}, desks[n % 8]), range(20))
            assert [answer["batchItemFailures"] for answer in answers] == [[]] * 20
        calls = Counter(call.operation for call in engine.line.calls)
        assert calls["SendEmail"] == 1
        assert [mail.delivery_id for _, mail in world.taken] == [json.loads(message.body)["outbox_id"]]
    finally:
        world.delete()


def test_message_that_always_fails_is_a_dead_letter_after_five_receives_and_harms_no_other(
    engine: Engine, keys: dict[str, str]
) -> None:
    engine.line.clear()
    world = World(f"f{uuid.uuid4().hex[:12]}", keys, engine=engine, reports=())
    try:
        for body in ("not json", "[]", json.dumps({"outbox_id": ""})):
            world._note_message(body, 0)
        add_comment(world)
        assert world.settle()
        assert len(world.dead) == 3
        assert {message.receives for message in world.dead} == {5}
        assert len(world.taken) == 1
    finally:
        world.delete()
