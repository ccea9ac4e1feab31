"""Runs in the bench's own environment, which has boto3: T, one bare TransactWriteItems of four puts.

It is taken in two ways. In a loop, which reads a number of calls from each line of its input, and writes the
CPU seconds of one. There the processor keeps all of it at hand, which no function ever meets; so also as a
function, "run T": for one event at a time, with Lambda's runtime between them, as ours are run.
"""

import sys
import time
from typing import Any

import boto3

_client = boto3.client("dynamodb")
_PUTS = [
    {
        "Put": {
            "TableName": "frontdesk-bench-comments",
            "Item": {"comment_id": {"S": f"c{n}"}, "text": {"S": "x" * 300}, "n": {"N": "1"}},
            "ConditionExpression": "attribute_not_exists(comment_id)",
        }
    }
    for n in range(4)
]


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    _client.transact_write_items(TransactItems=_PUTS)
    return {"statusCode": 204, "headers": {}, "body": ""}


def main() -> None:
    for line in sys.stdin:
        calls = int(line)
        started = time.process_time()
        for _ in range(calls):
            _client.transact_write_items(TransactItems=_PUTS)
        print((time.process_time() - started) / calls, flush=True)


if __name__ == "__main__":
    main()
