"""From the outbox's stream to the queue: every inserted id, and nothing but ids."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.errors import WrongFunction
from chalicelib.mail.handlers import keep_house, mail_batch, relay_batch
from chalicelib.mail.queue import MailQueue
from tests.mail.mails import queued, ses_error
from tests.stack import Stack


class Queue:
    """SQS that does not take the ids in `refused`, or whose calls fail from the `fails_from`-th on."""

    def __init__(self, refused: tuple[str, ...] = (), fails_from: int = 999, error: Any = None) -> None:
        self.batches: list[list[str]] = []
        self._refused = refused
        self._fails_from = fails_from
        self._error = error

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        ids = [json.loads(entry["MessageBody"])["outbox_id"] for entry in Entries]
        assert len({entry["Id"] for entry in Entries}) == len(ids)
        self.batches.append(ids)
        if len(self.batches) > self._fails_from:
            raise self._error
        return {
            "Failed": [{"Id": e["Id"]} for e, id_ in zip(Entries, ids, strict=True) if id_ in self._refused]
        }


def records(*names: str) -> list[dict[str, Any]]:
    return [
        {
            "eventName": name,
            "dynamodb": {"Keys": {"outbox_id": {"S": f"o{n}"}}, "SequenceNumber": str(100 + n)},
        }
        for n, name in enumerate(names)
    ]


def relay(stack: Stack, sqs: Any, *names: str) -> list[str]:
    answer = relay_batch(
        {"Records": records(*names)},
        replace(stack.desk("relay"), queue=replace(stack.desk("relay").queue, client=sqs)),
    )
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_what_was_inserted_is_carried_and_only_its_id(stack: Stack) -> None:
    desk = stack.desk("relay")
    assert relay(stack, desk.queue.client, "INSERT", "MODIFY", "REMOVE", "INSERT") == []
    assert sorted(queued(stack)) == ['{"outbox_id": "o0"}', '{"outbox_id": "o3"}']


def test_batches_have_at_most_ten(stack: Stack) -> None:
    sqs = Queue()
    assert relay(stack, sqs, *["INSERT"] * 25) == []
    assert [len(batch) for batch in sqs.batches] == [10, 10, 5]


def test_empty_batch_calls_nobody(stack: Stack) -> None:
    sqs = Queue()
    assert relay(stack, sqs, "MODIFY") == []
    assert sqs.batches == []


@pytest.mark.parametrize(
    ("refused", "first_failed"), [(("o3", "o17"), "103"), (("o24",), "124"), (("o0", "o1"), "100")]
)
def test_first_failed_sequence_number_is_answered(
    stack: Stack, refused: tuple[str, ...], first_failed: str
) -> None:
    assert relay(stack, Queue(refused), *["INSERT"] * 25) == [first_failed]


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="https://sqs.example"), ses_error("QueueDoesNotExist")]
)
def test_batch_whose_call_fails_counts_as_failed_as_a_whole(stack: Stack, error: Exception) -> None:
    assert relay(stack, Queue(fails_from=1, error=error), *["INSERT"] * 25) == ["110"]


def test_every_id_that_was_not_taken_is_told() -> None:
    ids = [f"o{n}" for n in range(25)]
    assert MailQueue(Queue(("o3", "o17")), "url", "dead").send(ids) == {"o3", "o17"}


def test_each_handler_refuses_to_run_in_another_function(stack: Stack) -> None:
    with pytest.raises(WrongFunction):
        relay_batch({"Records": []}, stack.desk("mail"))
    with pytest.raises(WrongFunction):
        mail_batch({"Records": []}, stack.desk("relay"))
    with pytest.raises(WrongFunction):
        keep_house(stack.desk("mail"))
