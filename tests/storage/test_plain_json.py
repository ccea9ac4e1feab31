"""Past the SDK's shapes, what is sent and read is what it would be through them."""

import json
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.errors import Unavailable
from chalicelib.storage.dynamodb import from_attributes, make_update, to_attributes, values
from chalicelib.storage.plain_json import pass_as_json
from tests.faults.engine import patient_sdk

ITEM = to_attributes({"id": "é\u2028", "sealed": b"\x00\xff", "count": 12, "yes": True, "no": False})
KEY = to_attributes({"id": "1"})
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("get_item", {"TableName": "t", "Key": KEY, "ConsistentRead": True}),
    ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY, ITEM], "ProjectionExpression": "a, b"}}}),
    (
        "query",
        {
            "TableName": "t",
            "IndexName": "i",
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": values(id=b"\x01"),
            "ExclusiveStartKey": KEY,
            "Limit": 7,
            "ScanIndexForward": False,
        },
    ),
    ("scan", {"TableName": "t"}),
    ("update_item", make_update("t", {"id": "1"}, {"sealed": b"\x02", "gone": None}, "id = :id", id="1")),
    (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": ITEM}}], "ClientRequestToken": "token"},
    ),
]


class Wire:
    """A client whose calls end here: what was sent, and what is answered next."""

    def __init__(
        self, *, plain: bool, answers: list[tuple[int, bytes]] | None = None, checksum: int | None = None
    ) -> None:
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self._headers = {"x-amzn-requestid": "r1"} | ({"x-amz-crc32": str(checksum)} if checksum else {})
        self._answers = answers or []
        session: Any = botocore.session.Session()
        self.client = session.create_client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 2}),
        )
        if plain:
            pass_as_json(self.client)
        self.client.meta.events.register("before-send.dynamodb", self._send)

    def _send(self, request: Any, **_: Any) -> Any:
        self.sent.append((dict(request.headers), request.body))
        status, body = self._answers.pop(0) if self._answers else (200, b"{}")
        return SimpleNamespace(status_code=status, headers=self._headers, raw=None, content=body)


@pytest.mark.parametrize(("operation", "request_"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_request_is_what_the_sdk_makes_of_it(operation: str, request_: dict[str, Any]) -> None:
    wires = [Wire(plain=plain) for plain in (True, False)]
    for wire in wires:
        getattr(wire.client, operation)(**request_)
    [(headers, body)], [(sdk_headers, sdk_body)] = (wire.sent for wire in wires)
    assert json.loads(body) == json.loads(sdk_body)
    for name in ("X-Amz-Target", "Content-Type"):
        assert headers[name] == sdk_headers[name]


def test_parameters_of_the_caller_stay_as_they_are() -> None:
    request = {"TableName": "t", "Key": dict(KEY)}
    Wire(plain=True).client.get_item(**request)
    assert request == {"TableName": "t", "Key": KEY}


def test_transaction_that_is_tried_again_has_the_token_of_the_first_try() -> None:
    wire = Wire(plain=True, answers=[(500, b"{}"), (200, b"{}")])
    with patient_sdk():
        wire.client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}])
    first, second = (json.loads(body) for _, body in wire.sent)
    assert first == second
    assert len(first["ClientRequestToken"]) == 36
    assert first["TransactItems"]


def test_answer_reads_as_the_sdks() -> None:
    """With bytes as base64, and what DynamoDB may add one day, which the SDK's model would drop."""
    on_the_wire = {
        "id": {"S": "é\u2028"},
        "sealed": {"B": "AP8="},
        "count": {"N": "12"},
        "yes": {"BOOL": True},
    }
    answer = json.dumps({"Items": [on_the_wire], "Count": 1, "LastEvaluatedKey": {"id": {"S": "1"}}}).encode()
    plain, sdks = (
        Wire(plain=plain, answers=[(200, answer)]).client.query(TableName="t") for plain in (True, False)
    )
    assert from_attributes(plain["Items"][0]) == from_attributes(sdks["Items"][0])
    assert from_attributes(plain["Items"][0])["sealed"] == b"\x00\xff"
    for name in ("Count", "LastEvaluatedKey", "ResponseMetadata"):
        assert plain[name] == sdks[name]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            400,
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}],
            },
        ),
        (400, {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no"}),
        (500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no"}),
    ],
)
def test_error_is_the_sdks(status: int, body: dict[str, Any]) -> None:
    answers = [(status, json.dumps(body).encode())] * 2
    errors = []
    for plain in (True, False):
        wire = Wire(plain=plain, answers=[*answers])
        with patient_sdk(), pytest.raises(ClientError) as caught:
            wire.client.transact_write_items(TransactItems=[])
        errors.append(caught.value.response)
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[]", b'"x"', b"null", b'{"Items":[', b"\x1f\x8b"]
)
@pytest.mark.parametrize(("operation", "request_"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_what_is_no_json_object_passes_neither_for_done_nor_for_none(
    operation: str, request_: dict[str, Any], body: bytes
) -> None:
    """A proxy's page with status 200, say, of which the SDK makes an empty answer."""
    wire = Wire(plain=True, answers=[(200, body)] * 2)
    with pytest.raises(Unavailable):
        getattr(wire.client, operation)(**request_)


def test_what_is_cut_off_is_asked_for_again_if_its_checksum_says_so() -> None:
    """The SDK's own rule for DynamoDB, which is not to be forestalled."""
    wire = Wire(
        plain=True, answers=[(200, b'{"Items":['), (200, b'{"Items":[]}')], checksum=crc32(b'{"Items":[]}')
    )
    with patient_sdk():
        assert wire.client.query(TableName="t")["Items"] == []


def test_null_is_what_is_not_there() -> None:
    body = b'{"Items":[],"Count":0,"LastEvaluatedKey":null}'
    plain, sdks = (
        Wire(plain=plain, answers=[(200, body)]).client.query(TableName="t") for plain in (True, False)
    )
    assert plain == sdks


def test_half_a_surrogate_pair_is_read_as_the_sdk_reads_it() -> None:
    body = b'{"Item":{"id":{"S":"\\ud800"}}}'
    plain, sdks = (
        Wire(plain=plain, answers=[(200, body)]).client.get_item(TableName="t", Key=KEY)
        for plain in (True, False)
    )
    assert plain == sdks


def test_asking_for_it_twice_is_the_same_as_once() -> None:
    """Also for what the SDK adds: handlers that came twice would look for it in another outline."""
    wire = Wire(plain=True)
    pass_as_json(wire.client)
    wire.client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}])
    [(_, body)] = wire.sent
    assert set(json.loads(body)) == {"TransactItems", "ClientRequestToken"}
