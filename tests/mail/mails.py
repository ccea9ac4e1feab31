"""For the tests of mail: one delivery ready to be sent, and what the outbox says of it."""

from typing import Any

from botocore.exceptions import ClientError

from tests.stack import Stack


def ses_error(code: str, status: int = 400, message: str = "to sam.finch@visitor.example") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "SendEmail")


def deliveries(stack: Stack) -> list[dict[str, Any]]:
    """The outbox's deliveries, as plain values, in the order of their ids."""
    items = [i for i in stack.items("OutboxTable") if "recipient_sealed" in i]
    plain = [{name: next(iter(value.values())) for name, value in item.items()} for item in items]
    return sorted(plain, key=lambda item: str(item["outbox_id"]))


def delivery(stack: Stack) -> dict[str, Any]:
    [only] = deliveries(stack)
    return only


def queued(stack: Stack) -> list[str]:
    """Take what waits in the queue, as bodies."""
    bodies: list[str] = []
    while received := stack.sqs.receive_message(QueueUrl=stack.queue_url, MaxNumberOfMessages=10).get(
        "Messages"
    ):
        for message in received:
            bodies.append(message["Body"])
            stack.sqs.delete_message(QueueUrl=stack.queue_url, ReceiptHandle=message["ReceiptHandle"])
    return bodies
