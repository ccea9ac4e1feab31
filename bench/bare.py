"""Runs in the bench's own environment, which has boto3: T, one bare TransactWriteItems of four puts.

Reads a number of calls from each line of its input, and writes the CPU seconds of one call.
"""

import sys
import time

import boto3


def main() -> None:
    client = boto3.client("dynamodb")
    puts = [
        {
            "Put": {
                "TableName": "frontdesk-bench-comments",
                "Item": {"comment_id": {"S": f"c{n}"}, "text": {"S": "x" * 300}, "n": {"N": "1"}},
                "ConditionExpression": "attribute_not_exists(comment_id)",
            }
        }
        for n in range(4)
    ]
    for line in sys.stdin:
        calls = int(line)
        started = time.process_time()
        for _ in range(calls):
            client.transact_write_items(TransactItems=puts)
        print((time.process_time() - started) / calls, flush=True)


if __name__ == "__main__":
    main()
