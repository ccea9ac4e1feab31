"""An SQS queue, read as Lambda's event source mapping reads it."""

from typing import Any

from infra.local.aws import REGION
from infra.local.batches import Invoke, Record, failed_items
from infra.local.template import QueueMapping

# Long polling: a message is there at once, and an idle queue costs a request a second. A stop waits for it.
WAIT_SECONDS = 1


class QueueSource:
    """An SQS queue: what the function does not report as failed is deleted."""

    def __init__(self, sqs: Any, queue_url: str, mapping: QueueMapping, invoke: Invoke) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._mapping = mapping
        self._invoke = invoke

    def poll(self) -> float:
        messages = self._receive()
        if messages:
            self._delete(self._handled(messages))
        return 0.0

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(self._mapping.batch_size, 10),
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _handled(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        event = {"Records": [self._lambda_record(message) for message in messages]}
        failed = failed_items(self._invoke, self._mapping.function, event)
        if not failed <= {message["MessageId"] for message in messages}:
            return []
        return [message for message in messages if message["MessageId"] not in failed]

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        if entries:
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)

    def _lambda_record(self, message: dict[str, Any]) -> Record:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": message.get("MessageAttributes", {}),
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:{self._queue_url.rpartition('/')[2]}",
            "awsRegion": REGION,
        }
