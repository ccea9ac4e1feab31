"""The stream is read in order, once where all goes well, and again from what failed."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.checkpoints import Checkpoints
from infra.local.stream_source import IDLE_SECONDS, StreamSource
from infra.local.template import StreamMapping

INSERTS = StreamMapping("relay", "OutboxTable", 100, ({"eventName": ["INSERT"]},))


def record(number: int, name: str = "INSERT") -> dict[str, Any]:
    return {
        "eventID": str(number),
        "eventName": name,
        "dynamodb": {"Keys": {"outbox_id": {"S": f"o{number}"}}, "SequenceNumber": f"{number:05d}"},
    }


class FakeStreams:
    """One shard; an iterator is the place in `records` from which to read."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = list(records)
        self.expire_next = False

    def describe_stream(self, **_: Any) -> Any:
        return {"StreamDescription": {"Shards": [{"ShardId": "s"}]}}

    def get_shard_iterator(self, *, ShardIteratorType: str, SequenceNumber: str = "", **_: Any) -> Any:
        if ShardIteratorType == "TRIM_HORIZON":
            return {"ShardIterator": "0"}
        numbers = [r["dynamodb"]["SequenceNumber"] for r in self.records]
        if SequenceNumber not in numbers:
            raise client_error("TrimmedDataAccessException")
        return {"ShardIterator": str(numbers.index(SequenceNumber) + (ShardIteratorType[:2] == "AF"))}

    def get_records(self, *, ShardIterator: str, Limit: int) -> Any:
        if self.expire_next:
            self.expire_next = False
            raise client_error("ExpiredIteratorException")
        start = int(ShardIterator)
        page = self.records[start : start + Limit]
        return {"Records": page, "NextShardIterator": str(start + len(page))}


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetRecords")


class Relay:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answers: list[Any] = []

    def __call__(self, function: str, event: dict[str, Any]) -> Any:
        assert function == "relay"
        self.batches.append([r["dynamodb"]["SequenceNumber"] for r in event["Records"]])
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints.json")


def source(streams: FakeStreams, relay: Relay, checkpoints: Checkpoints) -> StreamSource:
    return StreamSource(streams, "arn", INSERTS, relay, checkpoints)


def failure(*numbers: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}


def test_inserts_alone_are_relayed_once(relay: Relay, checkpoints: Checkpoints) -> None:
    stream = source(FakeStreams(record(1), record(2, "MODIFY"), record(3)), relay, checkpoints)
    assert stream.poll() == 0.0
    assert stream.poll() == IDLE_SECONDS
    assert relay.batches == [["00001", "00003"]]


def test_next_run_goes_on_after_the_checkpoint(
    relay: Relay, checkpoints: Checkpoints, tmp_path: Path
) -> None:
    streams = FakeStreams(record(1))
    source(streams, relay, checkpoints).poll()
    streams.records.append(record(2))
    source(streams, relay, Checkpoints(tmp_path / "checkpoints.json")).poll()
    assert relay.batches == [["00001"], ["00002"]]


def test_checkpoint_that_the_stream_has_lost_means_from_its_start(
    relay: Relay, checkpoints: Checkpoints
) -> None:
    checkpoints.mark("arn/s", "00001")
    source(FakeStreams(record(7)), relay, checkpoints).poll()
    assert relay.batches == [["00007"]]


def test_expired_iterator_is_opened_anew(relay: Relay, checkpoints: Checkpoints) -> None:
    streams = FakeStreams(record(1))
    stream = source(streams, relay, checkpoints)
    stream.poll()
    streams.records.append(record(2))
    streams.expire_next = True
    stream.poll()
    stream.poll()
    assert relay.batches == [["00001"], ["00002"]]


def test_failed_record_is_retried_with_all_after_it(relay: Relay, checkpoints: Checkpoints) -> None:
    relay.answers = [failure("00003", "00002")]
    stream = source(FakeStreams(record(1), record(2), record(3)), relay, checkpoints)
    assert stream.poll() > 0
    assert checkpoints.find("arn/s") == "00001"
    stream.poll()
    assert relay.batches == [["00001", "00002", "00003"], ["00002", "00003"]]
    assert checkpoints.find("arn/s") == "00003"


@pytest.mark.parametrize("answer", [ValueError("x"), failure(""), failure("unknown")])
def test_batch_that_fails_as_a_whole_is_retried_as_a_whole(
    relay: Relay, checkpoints: Checkpoints, answer: Any
) -> None:
    relay.answers = [answer]
    stream = source(FakeStreams(record(1), record(2)), relay, checkpoints)
    stream.poll()
    assert checkpoints.find("arn/s") is None
    stream.poll()
    assert relay.batches == [["00001", "00002"]] * 2


def test_retries_come_ever_later_and_the_first_success_ends_that(
    relay: Relay, checkpoints: Checkpoints
) -> None:
    relay.answers = [ValueError(), ValueError(), ValueError()]
    stream = source(FakeStreams(record(1)), relay, checkpoints)
    pauses = [stream.poll() for _ in range(4)]
    assert pauses[0] < pauses[1] < pauses[2]
    assert pauses[3] == 0.0


def test_drain_leaves_nothing(relay: Relay, checkpoints: Checkpoints) -> None:
    source(FakeStreams(*(record(n) for n in range(250))), relay, checkpoints).drain()
    assert [len(batch) for batch in relay.batches] == [100, 100, 50]


def test_drain_gives_up_on_what_fails(relay: Relay, checkpoints: Checkpoints) -> None:
    relay.answers = [ValueError()]
    source(FakeStreams(record(1)), relay, checkpoints).drain()
    assert relay.batches == [["00001"]]


def test_unwanted_records_alone_move_the_checkpoint(relay: Relay, checkpoints: Checkpoints) -> None:
    source(FakeStreams(record(1, "REMOVE")), relay, checkpoints).poll()
    assert relay.batches == []
    assert checkpoints.find("arn/s") == "00001"
