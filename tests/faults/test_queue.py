"""What the queue can do to the mail function: bring the same twenty times at once, or bring poison."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.mail.handlers import mail_batch
from tests.acts import add_comment
from tests.faults.calls import Call, Send
from tests.faults.world import Engine, Message, World, queue_properties

pytestmark = pytest.mark.faults
THREADS, TIMES = 8, 20


@pytest.fixture
def world(engine: Engine, keys: dict[str, str]) -> Iterator[World]:
    engine.line.clear()
    world = World(f"q{uuid.uuid4().hex[:12]}", keys, engine=engine)
    yield world
    world.delete()


class Together:
    """Lets the first `size` calls of an operation go at the same moment."""

    def __init__(self, size: int) -> None:
        self._barrier = threading.Barrier(size)
        self._arrivals = count()
        self._size = size

    def __call__(self, call: Call, send: Send) -> AWSResponse:
        if next(self._arrivals) < self._size:
            self._barrier.wait(30)
        return send()


def bring_at_once(world: World, message: Message) -> None:
    """Bring it `TIMES` times in `THREADS` execution environments."""
    desks = [world.fresh_desk("mail") for _ in range(THREADS)]

    def handle(number: int) -> Any:
        event = {"Records": [{"messageId": str(number), "body": message.body}]}
        return mail_batch(event, desks[number % THREADS])

    world.line.acting = "mail"
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(handle, range(TIMES)))
    assert answers == [{"batchItemFailures": []}] * TIMES


def called(world: World, operation: str) -> int:
    return sum(call.operation == operation for call in world.line.calls)


def test_message_that_comes_twenty_times_in_eight_threads_is_one_mail(world: World) -> None:
    add_comment(world)
    world.carry_stream()
    [order] = world.queue
    world.queue.clear()
    # All eight have read the row before one of them may change it.
    world.line.broken["mail: TransactWriteItems outbox"] = Together(THREADS)
    bring_at_once(world, order)
    world.carry_stream()
    [delivery] = world.queue
    world.queue.clear()
    world.line.broken = {"mail: UpdateItem outbox": Together(THREADS)}
    bring_at_once(world, delivery)
    assert called(world, "SendEmail") == len(world.taken) == 1
    [row] = [row for row in world.outbox() if "recipient_sealed" in row]
    assert row["attempts"] == "1"


@pytest.mark.parametrize("body", ["not json", "[]", '{"outbox_id": "", "x": "\\u0000"}'])
def test_poison_harms_no_other_and_is_a_dead_letter_after_five_receives(world: World, body: str) -> None:
    world.queue += [Message("poison", body, world.now), Message("row", '{"outbox_id": "opoison"}', world.now)]
    # An order of a kind that no code knows: reading it always raises.
    row = {"outbox_id": "opoison", "kind": "nonsense", "subject_id": "c1", "state": "pending"}
    times = {"created_at": "2026-03-04T05:06:07.890Z", "position": "2026-03-04T05:08:07.890Z#opoison"}
    item = {name: {"S": value} for name, value in (row | times).items()}
    world.dynamodb.put_item(TableName=world.table("OutboxTable"), Item=item)
    add_comment(world)
    world.run_dry()
    assert [mail.recipients for _, mail in world.taken] == [("mod@example.org",)]
    for _ in range(12):
        world.pass_time()
    _, receives = queue_properties()
    dead = {message.id: message.receives for message in world.dead}
    assert (dead["poison"], dead["row"]) == (receives, receives) == (5, 5)
    # What the stream brought of the same row; nothing of the comment's.
    assert {m.body for m in world.dead} == {body, '{"outbox_id": "opoison"}'}
    assert len(world.taken) == 1
    [stuck] = [row for row in world.outbox() if row["outbox_id"] == "opoison"]
    assert stuck["state"] == "pending"
    assert world.queue == []


def test_outbox_id_is_all_that_a_message_holds(world: World) -> None:
    add_comment(world)
    world.settle()
    sent = [call for call in world.line.calls if call.operation == "SendMessageBatch"]
    assert sent
    for call in sent:
        for entry in call.body["Entries"]:
            assert set(json.loads(entry["MessageBody"])) == {"outbox_id"}
            assert set(entry) == {"Id", "MessageBody"}
