"""What the mail function has handled is deleted, and nothing else."""

from typing import Any

import pytest

from infra.local.queue_source import QueueSource
from infra.local.template import QueueMapping


class FakeQueue:
    def __init__(self, *ids: str) -> None:
        self.ids = ids
        self.deleted: list[str] = []

    def receive_message(self, **_: Any) -> Any:
        return {
            "Messages": [{"MessageId": i, "ReceiptHandle": f"handle of {i}", "Body": "{}"} for i in self.ids]
        }

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> None:
        self.deleted += [entry["ReceiptHandle"].removeprefix("handle of ") for entry in Entries]


def poll(queue: FakeQueue, answer: Any) -> list[Any]:
    events = []

    def mail(function: str, event: dict[str, Any]) -> Any:
        events.append((function, event))
        if isinstance(answer, Exception):
            raise answer
        return answer

    QueueSource(queue, "http://queues/0/mail", QueueMapping("mail", "MailQueue", 10), mail).poll()
    return events


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        (None, ["a", "b"]),
        ({"batchItemFailures": []}, ["a", "b"]),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, ["b"]),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, []),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, []),
        (ValueError("x"), []),
    ],
)
def test_all_but_the_failed_are_deleted(answer: Any, deleted: list[str]) -> None:
    queue = FakeQueue("a", "b")
    poll(queue, answer)
    assert queue.deleted == deleted


def test_event_is_as_sqs_sends_it() -> None:
    ((function, event),) = poll(FakeQueue("a"), None)
    assert function == "mail"
    (record,) = event["Records"]
    assert record["messageId"] == "a"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":mail")


def test_empty_queue_calls_nobody() -> None:
    assert poll(FakeQueue(), None) == []
