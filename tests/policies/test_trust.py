"""Where a site trusts approved authors, the public role may publish: exactly so far as the code does it."""

from typing import Any

import pytest

from infra.iam import allows, grants
from infra.intrinsics import resolve
from infra.roles import read_policy
from tests.acts import COMMENT, publish
from tests.stack import Stack

from .recording import Need, recorded
from .test_policies import _context, arn_of

TRUST_GRANTS = {"PublishTrusted", "CountPublished", "AskTrust", "AskFirst", "AuditPublished"}


@pytest.fixture
def needs(stack: Stack) -> list[Need]:
    """What the public function calls to publish an answer at once, and to recognise its replay."""
    stack.settings["TRUST_AFTER"] = "1"
    parent = publish(stack, message="First.")
    desk = stack.desk("public")
    with recorded(besides=(stack.dynamodb, stack.sqs)) as recorder:
        for _ in range(2):
            body = COMMENT | {"parent_id": parent, "message": "Second.", "form_token": token(stack)}
            reply = stack.call("POST", "/v1/comments", body, desk=desk, idempotency_key="k")
            assert reply.status == 201, reply.text
    return recorder.needs


def token(stack: Stack) -> str:
    given = stack.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    stack.later(seconds=5)
    return str(given)


def known(stack: Stack, trust_after: str) -> dict[str, str]:
    """What the policy refers to: the tables by the stack's names, the rest by anything."""
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/"
    tables = ("Comments", "Enquiries", "Outbox", "Pages", "Guard", "Audit", "Suppressions")
    names = {f"{name}Table.Arn": f"{arn}{stack.table(name + 'Table')}" for name in tables}
    others = ("AWS::Partition", "AWS::Region", "AWS::AccountId", "Stage", "DataKey.Arn", "PublicLogGroup.Arn")
    return names | dict.fromkeys(others, "x") | {"HasTrustAfter": trust_after}


def test_publishing_at_once_is_granted_with_the_setting_and_refused_without(
    stack: Stack, needs: list[Need]
) -> None:
    trusting, ordinary = (resolve(read_policy("public"), known(stack, trust)) for trust in ("1", ""))
    assert refused(trusting, needs) == set()
    assert {"dynamodb:PutItem on comments", "dynamodb:PutItem on audit", "dynamodb:UpdateItem on pages"} <= {
        f"{need.action} on {need.resource.rpartition('-')[2]}" for need in refused(ordinary, needs)
    }


def test_every_grant_of_the_setting_is_used(stack: Stack, needs: list[Need]) -> None:
    granted = [g for g in grants(resolve(read_policy("public"), known(stack, "1"))) if g.sid in TRUST_GRANTS]
    assert {grant.sid for grant in granted} == TRUST_GRANTS
    assert [g for g in granted if not any(g.covers(need.action, arn_of(need)) for need in needs)] == []


def refused(policy: dict[str, Any], needs: list[Need]) -> set[Need]:
    return {need for need in needs if not allows(policy, need.action, arn_of(need), _context(need))}
