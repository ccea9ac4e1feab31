"""As the public function's own role, with its credentials: every forbidden act is tried, and refused."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import botocore.session
import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local.aws import REGION, make_client
from infra.local.roles import assume_role

from .conftest import Stack
from .stories import Auth, a_page, approve, post_comment, post_enquiry

pytestmark = pytest.mark.journey

Clients = Callable[[str], Any]

TABLES = ("comments", "enquiries", "outbox", "pages", "guard", "staff", "audit")
KEYS = {
    "comments": {"comment_id": {"S": "c1"}},
    "enquiries": {"reference": {"S": "AAAAA-AAAAA"}},
    "outbox": {"outbox_id": {"S": "o1"}},
    "pages": {"page_id": {"S": "p"}},
    "guard": {"guard_key": {"S": "g"}},
    "staff": {"token_id": {"S": "t1"}},
    "audit": {"subject": {"S": "s"}, "sequence": {"S": "1"}},
}
PRIVATE_INDEXES = (
    ("comments", "by-status", "status"),
    ("comments", "by-page", "page_id"),
    ("comments", "by-author", "author_hmac"),
    ("enquiries", "by-status", "status"),
    ("enquiries", "by-topic", "topic"),
    ("enquiries", "by-enquirer", "enquirer_hmac"),
    ("outbox", "by-state", "state"),
    ("audit", "by-actor", "actor"),
    ("audit", "by-month", "month"),
)


@pytest.fixture(scope="module")
def endpoint(stack: Stack) -> str:
    return str(json.loads((stack.folder / "ready.json").read_text())["emulator"])


@pytest.fixture(scope="module")
def as_public(endpoint: str) -> Clients:
    """Clients that have what a thief of the public function would have."""
    role = assume_role(make_client("sts", endpoint), "public")
    session: Any = botocore.session.Session()

    def client(service: str) -> Any:
        return session.create_client(
            service,
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=role["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=role["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=role["AWS_SESSION_TOKEN"],
        )

    return client


def refused(act: Callable[[], Any]) -> None:
    with pytest.raises(ClientError) as caught:
        act()
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def name_of(table: str) -> str:
    return f"frontdesk-local-{table}"


@pytest.mark.parametrize("table", TABLES)
def test_it_cannot_get(as_public: Clients, table: str) -> None:
    refused(lambda: as_public("dynamodb").get_item(TableName=name_of(table), Key=KEYS[table]))


@pytest.mark.parametrize("table", TABLES)
def test_it_cannot_scan(as_public: Clients, table: str) -> None:
    refused(lambda: as_public("dynamodb").scan(TableName=name_of(table)))


@pytest.mark.parametrize("table", TABLES)
def test_it_cannot_delete(as_public: Clients, table: str) -> None:
    refused(lambda: as_public("dynamodb").delete_item(TableName=name_of(table), Key=KEYS[table]))


@pytest.mark.parametrize("table", [t for t in TABLES if t != "pages"])
def test_it_cannot_get_in_batches(as_public: Clients, table: str) -> None:
    wanted = {name_of(table): {"Keys": [KEYS[table]]}}
    refused(lambda: as_public("dynamodb").batch_get_item(RequestItems=wanted))


@pytest.mark.parametrize("table", [t for t in TABLES if t != "pages"])
def test_it_cannot_get_in_transactions(as_public: Clients, table: str) -> None:
    wanted = [{"Get": {"TableName": name_of(table), "Key": KEYS[table]}}]
    refused(lambda: as_public("dynamodb").transact_get_items(TransactItems=wanted))


@pytest.mark.parametrize(("table", "index", "key"), PRIVATE_INDEXES)
def test_it_cannot_query_what_holds_a_private_field(
    as_public: Clients, table: str, index: str, key: str
) -> None:
    refused(
        lambda: as_public("dynamodb").query(
            TableName=name_of(table),
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues={":key": {"S": "pending"}},
        )
    )


@pytest.mark.parametrize("statement", ['SELECT * FROM "{}"', "DELETE FROM \"{}\" WHERE comment_id = 'c1'"])
def test_it_cannot_go_by_way_of_partiql(as_public: Clients, statement: str) -> None:
    refused(lambda: as_public("dynamodb").execute_statement(Statement=statement.format(name_of("comments"))))


@pytest.mark.parametrize("table", ["comments", "pages", "staff", "audit", "outbox", "enquiries"])
def test_it_cannot_update(as_public: Clients, table: str) -> None:
    refused(
        lambda: as_public("dynamodb").update_item(
            TableName=name_of(table),
            Key=KEYS[table],
            UpdateExpression="SET x = :x",
            ExpressionAttributeValues={":x": {"S": "x"}},
        )
    )


@pytest.mark.parametrize("table", ["pages", "staff", "audit", "guard"])
def test_it_cannot_put_where_it_has_no_business(as_public: Clients, table: str) -> None:
    refused(lambda: as_public("dynamodb").put_item(TableName=name_of(table), Item=KEYS[table]))


def test_it_cannot_send_mail_or_reach_the_queue(as_public: Clients, endpoint: str) -> None:
    refused(
        lambda: as_public("sesv2").send_email(
            FromEmailAddress="frontdesk@frontdesk.example",
            Destination={"ToAddresses": ["x@frontdesk.example"]},
            Content={"Raw": {"Data": b"Subject: x\r\n\r\nx"}},
        )
    )
    queue = f"{endpoint}/000000000000/frontdesk-local-mail"
    refused(lambda: as_public("sqs").receive_message(QueueUrl=queue))
    refused(lambda: as_public("sqs").send_message(QueueUrl=queue, MessageBody="{}"))


def test_it_cannot_take_another_role(as_public: Clients) -> None:
    for role in ("staff", "mail"):
        arn = f"arn:aws:iam::000000000000:role/frontdesk-local-{role}"
        refused(partial(as_public("sts").assume_role, RoleArn=arn, RoleSessionName="thief"))


def test_what_it_can_read_holds_public_fields_alone(
    as_public: Clients, client: httpx.Client, moderator: Auth, site: str
) -> None:
    page = a_page()
    published = post_comment(client, page, message="Said aloud.")
    approve(client, moderator, published["id"])
    post_comment(client, page, message="Not yet.")
    post_enquiry(client)
    found = as_public("dynamodb").query(
        TableName=name_of("comments"),
        IndexName="approved-by-page",
        KeyConditionExpression="approved_page = :page",
        ExpressionAttributeValues={":page": {"S": f"{site}{page}"}},
    )["Items"]
    keys = {"comment_id", "approved_page", "position"}
    assert [item.keys() - keys for item in found] == [{"approved_count"}, {"public_json"}, {"approved_count"}]
    assert "Said aloud." in found[1]["public_json"]["S"]
