"""Everything that a thief could take: each place with a name, and all that lies there as text."""

import base64
import json
import quopri
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local.aws import make_client

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")

Evidence = Iterator[tuple[str, str]]


def spell_out(raw: bytes) -> str:
    """`raw` as text, with whatever in it is base64 decoded beside it."""
    decoded = [raw]
    for match in _BASE64.findall(raw):
        for alphabet in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                decoded.append(alphabet(match + b"=" * (-len(match) % 4)))
            except ValueError:
                continue
    return "\n".join(part.decode("utf-8", errors="replace") for part in decoded)


def tables(endpoint: str) -> Evidence:
    """A full export: every attribute of every item."""
    dynamodb = make_client("dynamodb", endpoint)
    for name in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                for attribute, value in item.items():
                    [content] = value.values()
                    raw = content if isinstance(content, bytes) else str(content).encode()
                    yield f"table {name.rpartition('-')[2]}.{attribute}", spell_out(raw)


def streams(endpoint: str) -> Evidence:
    client = make_client("dynamodbstreams", endpoint)
    for stream in client.list_streams()["Streams"]:
        arn = stream["StreamArn"]
        for shard in client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = client.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                answer = client.get_records(ShardIterator=iterator)
                if not answer["Records"]:
                    break
                for record in answer["Records"]:
                    yield "stream", json.dumps(record, default=_as_text)
                iterator = answer.get("NextShardIterator")


def queues(endpoint: str) -> Evidence:
    """The bodies of what waits, by the emulator's own look into its queues."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/sqs/messages") as answer:  # noqa: S310
        yield "queues", spell_out(answer.read())


def mails(folder: Path) -> Evidence:
    """What SES was handed: envelope, tags, headers and body."""
    for file in folder.glob("*.json"):
        raw = json.loads(file.read_text())["raw"].encode()
        yield "mail", spell_out(raw)
        # Its lines are broken anywhere, in the midst of words.
        yield "mail", spell_out(quopri.decodestring(raw))
        yield "mail as sent", file.read_text()


def logs(*files: Path) -> Evidence:
    for file in files:
        for line in file.read_text(errors="replace").splitlines():
            yield f"log {file.name}", spell_out(line.encode())


def _as_text(value: Any) -> str:
    return spell_out(value) if isinstance(value, bytes) else str(value)
