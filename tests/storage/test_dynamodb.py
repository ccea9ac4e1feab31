"""A transaction goes through, is refused for a reason, or is Unavailable: nothing in between."""

from typing import Any

import pytest

from chalicelib.errors import PageClosed, RateLimited, Unavailable
from chalicelib.storage.dynamodb import Database, Write, from_attributes, to_attributes
from chalicelib.times import utc_now
from tests.faults import OUTAGES, ScriptedClient, cancelled, refused

WRITES = [Write({"Put": {}}, PageClosed()), Write({"Put": {}}), Write({"Put": {}}, RateLimited(7))]
CONFLICT = cancelled("None", "TransactionConflict", "None")


def transact(*answers: Any) -> tuple[ScriptedClient, list[float]]:
    client = ScriptedClient(*answers)
    slept: list[float] = []
    Database(client, utc_now, slept.append).transact(WRITES)
    return client, slept


def test_conflict_is_tried_again_until_it_commits_once() -> None:
    client, slept = transact(CONFLICT, CONFLICT, {})
    assert client.requests == [{"TransactItems": [{"Put": {}}] * 3}] * 3
    assert len(slept) == 2


@pytest.mark.parametrize(
    "reason",
    ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"],
)
def test_passing_reason_is_tried_again(reason: str) -> None:
    client, _ = transact(cancelled(reason, "None", "None"), {})
    assert len(client.requests) == 2


def test_lasting_conflict_is_unavailable_within_seconds() -> None:
    slept: list[float] = []
    client = ScriptedClient(*[CONFLICT] * 100)
    with pytest.raises(Unavailable):
        Database(client, utc_now, slept.append).transact(WRITES)
    assert 2 <= len(client.requests) <= 10
    assert sum(slept) < 5


def test_waits_between_attempts_differ_so_that_rivals_part() -> None:
    waits: list[list[float]] = []
    for _ in range(5):
        slept: list[float] = []
        with pytest.raises(Unavailable):
            Database(ScriptedClient(*[CONFLICT] * 100), utc_now, slept.append).transact(WRITES)
        waits.append(slept)
    assert len({tuple(slept) for slept in waits}) == 5


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        (("ConditionalCheckFailed", "None", "None"), PageClosed),
        (("ConditionalCheckFailed", "None", "ConditionalCheckFailed"), PageClosed),
        (("None", "None", "ConditionalCheckFailed"), RateLimited),
        (("TransactionConflict", "None", "ConditionalCheckFailed"), RateLimited),
        (("None", "ConditionalCheckFailed", "None"), Unavailable),
        (("None", "ItemCollectionSizeLimitExceeded", "None"), Unavailable),
        (("ValidationError", "None", "None"), Unavailable),
        (("None", "None", "None"), Unavailable),
    ],
)
def test_first_failed_condition_tells_what_it_means(reasons: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        transact(cancelled(*reasons))


def _never_sleep(_seconds: float) -> None:
    pytest.fail("it waited")


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES.keys())
def test_outage_is_unavailable_at_once(outage: Exception) -> None:
    client = ScriptedClient(outage, {})
    with pytest.raises(Unavailable):
        Database(client, utc_now, _never_sleep).transact(WRITES)
    for operation in ("get_item", "query", "scan", "batch_get_item"):
        with pytest.raises(Unavailable):
            Database(ScriptedClient(outage), utc_now)._call(operation)
    with pytest.raises(Unavailable):
        Database(ScriptedClient(outage), utc_now).update(PageClosed())


def test_failed_condition_of_an_update_is_its_refusal() -> None:
    with pytest.raises(PageClosed):
        Database(ScriptedClient(refused("ConditionalCheckFailedException")), utc_now).update(PageClosed())


def test_unprocessed_keys_are_read_again() -> None:
    rest = {"t": {"Keys": [{"id": {"S": "b"}}], "ProjectionExpression": "id"}}
    client = ScriptedClient(
        {"Responses": {"t": [{"id": {"S": "a"}}]}, "UnprocessedKeys": rest},
        {"Responses": {}, "UnprocessedKeys": rest},
        {"Responses": {"t": [{"id": {"S": "b"}}]}, "UnprocessedKeys": {}},
    )
    slept: list[float] = []
    found = Database(client, utc_now, slept.append).find_many("t", [{"id": "a"}, {"id": "b"}], "id")
    assert found == [{"id": "a"}, {"id": "b"}]
    assert client.requests[1:] == [{"RequestItems": rest}] * 2
    assert len(slept) == 2


def test_keys_that_stay_unprocessed_are_unavailable_not_missing() -> None:
    rest = {"t": {"Keys": [{"id": {"S": "a"}}]}}
    client = ScriptedClient(*[{"Responses": {}, "UnprocessedKeys": rest}] * 100)
    slept: list[float] = []
    with pytest.raises(Unavailable):
        Database(client, utc_now, slept.append).find_many("t", [{"id": "a"}], "id")
    assert sum(slept) < 5


def test_item_comes_back_as_it_was_put() -> None:
    item = {"s": "", "n": -7, "zero": 0, "yes": True, "no": False, "b": b"\x00\xff"}
    assert from_attributes(to_attributes(item)) == item
    assert to_attributes({"nothing": None}) == {}


def test_update_that_meets_a_transaction_is_tried_again() -> None:
    conflict = refused("TransactionConflictException")
    client = ScriptedClient(conflict, conflict, {})
    slept: list[float] = []
    Database(client, utc_now, slept.append).update(KeyError(), TableName="t")
    assert (len(client.requests), len(slept)) == (3, 2)
    with pytest.raises(Unavailable):
        Database(ScriptedClient(*[conflict] * 50), utc_now, slept.append).update(KeyError(), TableName="t")
