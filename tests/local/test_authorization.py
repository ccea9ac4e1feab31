"""Policies, as API Gateway reads them."""

from typing import Any

import pytest

from infra.local.authorization import is_allowed

ARN = "arn:aws:execute-api:us-east-1:0:api/local/GET/v1/staff/comments/c1"


def statement(effect: str, resource: str | list[str], action: str = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (ARN, True),
        ("*", True),
        ("arn:aws:execute-api:*:*:*/*/GET/v1/staff/*", True),
        ("arn:aws:execute-api:*:*:*/*/GET/v1/staff/comments/c?", True),
        ("arn:aws:execute-api:*:*:*/*/GET/v1/staff/comments/c1?", False),
        ("arn:aws:execute-api:*:*:*/*/GET/v1/staff/comments", False),
        ("GET/v1/staff/comments/c1", False),
        ("arn.aws.execute-api.us-east-1.0.api/local/GET/v1/staff/comments/c1", False),
    ],
)
def test_resource_is_matched_whole(resource: str, allowed: bool) -> None:
    assert is_allowed({"Statement": [statement("Allow", resource)]}, ARN) is allowed


def test_deny_wins() -> None:
    assert not is_allowed({"Statement": [statement("Allow", "*"), statement("Deny", [ARN])]}, ARN)


def test_other_action_allows_nothing() -> None:
    assert not is_allowed({"Statement": statement("Allow", "*", "execute-api:ManageConnections")}, ARN)


def test_empty_policy_allows_nothing() -> None:
    assert not is_allowed({"Statement": []}, ARN)
