"""Whether a form or a text came before: the mail role may add that reason, the public role hardly ask."""

from typing import Any

import pytest

from infra.iam import allows
from infra.intrinsics import resolve
from infra.roles import read_policy
from tests.stack import template

from .test_policies import ACCOUNT

_TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"


def policy(function: str, **conditions: str) -> dict[str, Any]:
    tables = [n for n, r in template()["Resources"].items() if r["Type"] == "AWS::DynamoDB::Table"]
    names = {f"{name}.Arn": "x" for name in ("DataKey", "MailQueue", "MailLogGroup", "PublicLogGroup")}
    names |= {f"{name}.Arn": f"{_TABLE}{name}" for name in tables}
    names |= {"Stage": "local", "MailSender": "desk@example.org", "MailConfigurationSet": "desk"}
    names |= {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": ACCOUNT}
    resolved: dict[str, Any] = resolve(read_policy(function), names | conditions)
    return resolved


@pytest.mark.parametrize(("table", "key"), [("CommentsTable", "comment_id"), ("EnquiriesTable", "reference")])
@pytest.mark.parametrize(
    "attribute",
    [
        "status",
        "queue_position",
        "page_position",
        "topic_position",
        "approved_page",
        "public_json",
        "decided_by",
        "expires_at",
    ],
)
def test_a_reason_is_all_that_mail_may_change(table: str, key: str, attribute: str) -> None:
    named = [key, "letter_sealed", "revision"]
    arn = f"{_TABLE}{table}"
    assert allows(policy("mail"), "dynamodb:UpdateItem", arn, {"dynamodb:Attributes": named})
    assert not allows(
        policy("mail"), "dynamodb:UpdateItem", arn, {"dynamodb:Attributes": [*named, attribute]}
    )


def test_public_role_asks_the_guard_table_for_marks_alone_and_where_authors_are_trusted() -> None:
    ask, arn = "dynamodb:ConditionCheckItem", f"{_TABLE}GuardTable"
    named = ["guard_key", "subject_id"]
    trusting, ordinary = policy("public", HasTrustAfter="1"), policy("public", HasTrustAfter="")
    assert allows(trusting, ask, arn, {"dynamodb:Attributes": named})
    assert not allows(trusting, ask, arn, {"dynamodb:Attributes": [*named, "full_until"]})
    assert not allows(ordinary, ask, arn, {"dynamodb:Attributes": named})
