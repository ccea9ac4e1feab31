"""In the role of the deployed public function: what it must not do is tried, and refused.

A function of its own is put beside the stack under that very role. It makes one call and answers how that
ended, so the call is refused or not as one of the public function itself would be.
"""

import io
import sys
from typing import Any
from zipfile import ZipFile, ZipInfo

from infra.local.aws import ACCOUNT, REGION
from infra.rehearsal.account import Account
from infra.rehearsal.errors import check
from infra.rehearsal.releases import STACK, STAGE

_NAME = "rehearsal-probe"
_CODE = """\
import botocore.session
from botocore.exceptions import ClientError

def handler(event, context):
    client = botocore.session.get_session().create_client(event["service"])
    try:
        getattr(client, event["call"])(**event["arguments"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
"""
_REFUSED = ("AccessDenied", "AccessDeniedException")
_KEYS = {
    "comments": {"comment_id": {"S": "c1"}},
    "enquiries": {"reference": {"S": "AAAAA-AAAAA"}},
    "outbox": {"outbox_id": {"S": "o1"}},
    "staff": {"token_id": {"S": "t1"}},
    "audit": {"subject": {"S": "s"}, "sequence": {"S": "1"}},
    "suppressions": {"address_hmac": {"S": "a"}},
}

Call = tuple[str, str, dict[str, Any]]


def forbidden(account: Account, stack: str) -> list[Call]:
    """Service, operation and arguments of each."""
    calls: list[Call] = []
    for table, key in _KEYS.items():
        here = {"TableName": f"{stack}-{table}"}
        calls += [
            ("dynamodb", "get_item", {**here, "Key": key}),
            ("dynamodb", "scan", here),
            ("dynamodb", "delete_item", {**here, "Key": key}),
        ]
    by_status = {
        "TableName": f"{stack}-comments",
        "IndexName": "by-status",
        "KeyConditionExpression": "#s = :s",
        "ExpressionAttributeNames": {"#s": "status"},
        "ExpressionAttributeValues": {":s": {"S": "pending"}},
    }
    queue = f"{account.endpoint}/{ACCOUNT}/{stack}-mail"
    private = {"Name": f"/frontdesk/{STAGE}/private-keys", "WithDecryption": True}
    return [
        *calls,
        ("dynamodb", "query", by_status),
        ("dynamodb", "put_item", {"TableName": f"{stack}-staff", "Item": _KEYS["staff"]}),
        ("ssm", "get_parameter", private),
        ("sqs", "receive_message", {"QueueUrl": queue}),
        ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "{}"}),
        ("lambda", "invoke", {"FunctionName": f"{stack}-staff"}),
        ("s3", "list_buckets", {}),
    ]


def is_refused_what_it_must_not_do(account: Account) -> int:
    """Return how many calls were refused. Raises RehearsalError for one that was not."""
    role = account.resources(STACK)["PublicRole"]
    calls = forbidden(account, STACK)
    client = account.client("lambda")
    client.create_function(
        FunctionName=_NAME,
        Role=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="probe.handler",
        Timeout=20,
        Code={"ZipFile": _zip()},
        Environment={"Variables": {"AWS_DEFAULT_REGION": REGION}},
    )
    try:
        client.get_waiter("function_active_v2").wait(FunctionName=_NAME, WaiterConfig={"Delay": 1})
        # The probe is no proof unless what the role may do is done.
        own_keys = {"Name": f"/frontdesk/{STAGE}/keys", "WithDecryption": True}
        check(_try(account, ("ssm", "get_parameter", own_keys)) == "done", "the public role lacks its keys")
        for call in calls:
            ended = _try(account, call)
            check(ended in _REFUSED, f"the public role may {call[1]} ({_told(call)}): {ended}")
    finally:
        client.delete_function(FunctionName=_NAME)
    return len(calls)


def _try(account: Account, call: Call) -> str:
    service, operation, arguments = call
    event = {"service": service, "call": operation, "arguments": arguments}
    return str(account.invoke(_NAME, event)["answer"])


def _told(call: Call) -> str:
    return (
        " ".join(str(value) for name, value in call[2].items() if name.endswith(("Name", "Url"))) or call[0]
    )


def _zip() -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr(ZipInfo("probe.py"), _CODE)
    return made.getvalue()
