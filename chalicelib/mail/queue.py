"""The mail queue: outbox ids go in, nothing else ever does."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

# SQS's own limit for one batch.
_BATCH = 10


def send_ids(sqs: Any, queue_url: str, outbox_ids: list[str]) -> set[str]:
    """Send each id as a message; return those that were not taken."""
    failed: set[str] = set()
    for start in range(0, len(outbox_ids), _BATCH):
        batch = outbox_ids[start : start + _BATCH]
        entries = [
            {"Id": str(i), "MessageBody": json.dumps({"outbox_id": id_})} for i, id_ in enumerate(batch)
        ]
        try:
            answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        except (BotoCoreError, ClientError):
            failed |= set(batch)
        else:
            failed |= {batch[int(failure["Id"])] for failure in answer.get("Failed", [])}
    return failed
