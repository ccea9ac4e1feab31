"""A DynamoDB stream, read as Lambda's event source mapping reads it."""

from typing import Any

from botocore.exceptions import ClientError

from infra.local.aws import REGION
from infra.local.batches import Invoke, Record, failed_items
from infra.local.checkpoints import Checkpoints
from infra.local.template import StreamMapping

IDLE_SECONDS = 0.2
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 10.0

_ITERATOR_IS_GONE = frozenset({"ExpiredIteratorException", "TrimmedDataAccessException"})


class StreamSource:
    """A table's stream, in order: a record that fails is tried again before any later one."""

    def __init__(
        self, streams: Any, stream_arn: str, mapping: StreamMapping, invoke: Invoke, checkpoints: Checkpoints
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._mapping = mapping
        self._invoke = invoke
        self._checkpoints = checkpoints
        self._iterators: dict[str, str] = {}
        self._finished: set[str] = set()
        self._failures_in_a_row = 0

    def poll(self) -> float:
        self._open_new_shards()
        found = [self._poll_shard(shard) for shard in list(self._iterators)]
        if self._failures_in_a_row:
            return float(min(FIRST_RETRY_SECONDS * 2.0**self._failures_in_a_row, LONGEST_RETRY_SECONDS))
        return 0.0 if any(found) else IDLE_SECONDS

    def _open_new_shards(self) -> None:
        for shard in self._list_shards():
            if shard not in self._iterators and shard not in self._finished:
                self._iterators[shard] = self._open(shard)

    def _list_shards(self) -> list[str]:
        description = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
        return [shard["ShardId"] for shard in description["Shards"]]

    def _open(self, shard: str) -> str:
        checkpoint = self._checkpoints.find(self._name(shard))
        if checkpoint is None:
            return self._iterator(shard, ShardIteratorType="TRIM_HORIZON")
        try:
            return self._iterator(shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=checkpoint)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ITERATOR_IS_GONE:
                raise
        # What the checkpoint names is gone, so all that is left came after it.
        self._checkpoints.forget(self._name(shard))
        return self._iterator(shard, ShardIteratorType="TRIM_HORIZON")

    def _iterator(self, shard: str, **position: str) -> str:
        answer = self._streams.get_shard_iterator(StreamArn=self._stream_arn, ShardId=shard, **position)
        return str(answer["ShardIterator"])

    def _poll_shard(self, shard: str) -> bool:
        """Whether there was anything."""
        try:
            page = self._streams.get_records(
                ShardIterator=self._iterators[shard], Limit=self._mapping.batch_size
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ITERATOR_IS_GONE:
                raise
            del self._iterators[shard]
            return True
        self._handle(shard, page["Records"], page.get("NextShardIterator"))
        return bool(page["Records"])

    def _handle(self, shard: str, records: list[Record], next_iterator: str | None) -> None:
        failed = self._first_failure(records)
        if failed:
            self._mark(shard, records[:failed])
        elif failed is None:
            self._mark(shard, records)
        if failed is None:
            self._failures_in_a_row = 0
            self._advance(shard, next_iterator)
        else:
            self._failures_in_a_row += 1
            self._iterators[shard] = self._iterator(
                shard,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=_sequence_number(records[failed]),
            )

    def _first_failure(self, records: list[Record]) -> int | None:
        """The place of the first record to try again, None where all is done."""
        wanted = [record for record in records if self._mapping.wants(record)]
        if not wanted:
            return None
        event = {"Records": [_lambda_record(record) for record in wanted]}
        return _first_place(failed_items(self._invoke, self._mapping.function, event), records)

    def _mark(self, shard: str, handled: list[Record]) -> None:
        if handled:
            self._checkpoints.mark(self._name(shard), _sequence_number(handled[-1]))

    def _advance(self, shard: str, next_iterator: str | None) -> None:
        if next_iterator is None:
            del self._iterators[shard]
            self._finished.add(shard)
        else:
            self._iterators[shard] = next_iterator

    def _name(self, shard: str) -> str:
        return f"{self._stream_arn}/{shard}"

    def drain(self) -> None:
        """Hand over what is left. The emulator forgets its streams when it stops, as AWS never would."""
        while self.poll() == 0.0:
            pass


def _sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _first_place(failed: frozenset[str | None], records: list[Record]) -> int | None:
    if not failed:
        return None
    places = [place for place, record in enumerate(records) if _sequence_number(record) in failed]
    return min(places) if len(places) == len(failed) else 0


def _lambda_record(record: Record) -> Record:
    """Without the time, which the SDK parses and JSON does not have."""
    change = {
        name: value for name, value in record["dynamodb"].items() if name != "ApproximateCreationDateTime"
    }
    return {**record, "eventSource": "aws:dynamodb", "awsRegion": REGION, "dynamodb": change}
