"""infra.iam against IAM's rules, and infra.intrinsics against CloudFormation's."""

from typing import Any

import pytest

from infra.iam import Grant, allows, grants
from infra.intrinsics import resolve

TABLE = "arn:aws:dynamodb:us-east-1:1:table/t"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = TABLE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = TABLE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (document(), False),
        (document(allow("dynamodb:GetItem")), True),
        (document(allow("DYNAMODB:getitem")), True),
        (document(allow(["dynamodb:PutItem", "dynamodb:GetItem"])), True),
        (document(allow("dynamodb:PutItem")), False),
        (document(allow("dynamodb:*")), True),
        (document(allow("dynamodb:Get????")), True),
        (document(allow("dynamodb:Get?")), False),
        (document(allow("dynamodb:GetItem", "*")), True),
        (document(allow("dynamodb:GetItem", [f"{TABLE}2", TABLE])), True),
        (document(allow("dynamodb:GetItem", f"{TABLE}/*")), False),
        (document(allow("dynamodb:GetItem", TABLE.upper())), False),
        # `.` is a letter like any other.
        (document(allow("dynamodb:GetItem", TABLE.replace("-", "."))), False),
        (document(allow("*", "*"), deny("dynamodb:GetItem")), False),
        (document(deny("dynamodb:GetItem"), allow("*", "*")), False),
        (document(deny("dynamodb:PutItem"), allow("*", "*")), True),
    ],
)
def test_who_is_not_allowed_is_refused_and_a_denial_is_final(policy: dict[str, Any], allowed: bool) -> None:
    assert allows(policy, "dynamodb:GetItem", TABLE) is allowed


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", "NONE", None, False),
        ("StringEquals", "NONE", "NONE", True),
        ("StringEquals", ["A", "NONE"], "NONE", True),
        ("StringEquals", "NONE", "ALL_OLD", False),
        ("StringEqualsIfExists", "NONE", None, True),
        ("StringEqualsIfExists", "NONE", "ALL_OLD", False),
        ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
        ("ForAnyValue:StringEquals", ["a", "b"], [], False),
        ("ForAnyValue:StringEquals", ["a", "b"], None, False),
    ],
)
def test_condition(operator: str, wanted: Any, given: Any, holds: bool) -> None:
    policy = document(allow("dynamodb:PutItem", Condition={operator: {"dynamodb:Key": wanted}}))
    context = {} if given is None else {"DynamoDB:key": given}
    assert allows(policy, "dynamodb:PutItem", TABLE, context) is holds


def test_all_conditions_must_hold() -> None:
    policy = document(allow("a:B", Condition={"StringEquals": {"k": "1", "l": "2"}}))
    assert allows(policy, "a:B", TABLE, {"k": "1", "l": "2"})
    assert not allows(policy, "a:B", TABLE, {"k": "1"})


@pytest.mark.parametrize(
    "statement",
    [
        allow("a:B", Condition={"StringLike": {"k": "*"}}),
        {"Effect": "Allow", "NotAction": "a:C", "Resource": "*"},
        {"Effect": "Allow", "Action": "a:B", "NotResource": "x"},
    ],
)
def test_what_is_not_understood_is_not_passed_over(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not evaluated here"):
        allows(document(statement), "a:B", TABLE)


def test_grants_are_listed_one_by_one_without_denials() -> None:
    policy = document(allow(["a:B", "a:C"], ["x", "y*"], Sid="S"), deny("a:D"))
    listed = grants(policy)
    assert [(g.sid, g.action, g.resource) for g in listed] == [
        ("S", "a:B", "x"),
        ("S", "a:B", "y*"),
        ("S", "a:C", "x"),
        ("S", "a:C", "y*"),
    ]
    assert Grant("", "a:B", "y*").covers("A:b", "yes")
    assert not Grant("", "a:B", "y*").covers("a:B", "no")


def test_intrinsic_functions() -> None:
    known = {"Stage": "prod", "Table.Arn": "arn:t", "Sender": "desk@example.org"}
    value = {
        "Action": "a:B",
        "Resource": [
            {"Ref": "Stage"},
            {"Fn::GetAtt": ["Table", "Arn"]},
            {"Fn::Sub": "${Table.Arn}/index/${Stage}"},
            {"Fn::Sub": ["x/${D}", {"D": {"Fn::Select": [1, {"Fn::Split": ["@", {"Ref": "Sender"}]}]}}]},
        ],
    }
    resolved = resolve(value, known)
    assert resolved["Resource"] == ["prod", "arn:t", "arn:t/index/prod", "x/example.org"]


def test_condition_chooses_and_no_value_leaves_its_list() -> None:
    chosen = {"Fn::If": ["HasIt", {"Sid": "A"}, {"Ref": "AWS::NoValue"}]}
    assert resolve([chosen, "x"], {"HasIt": "yes"}) == [{"Sid": "A"}, "x"]
    for known in ({}, {"HasIt": ""}):
        assert resolve([chosen, "x"], known) == ["x"]


def test_an_unknown_reference_or_function_is_an_error() -> None:
    with pytest.raises(KeyError):
        resolve({"Ref": "Nobody"}, {})
    with pytest.raises(ValueError, match="Fn::ImportValue"):
        resolve({"Fn::ImportValue": "x"}, {})
