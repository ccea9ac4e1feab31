"""What guards the data of a stack against a slip is never taken away by a deployment."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from infra.deploy.errors import CannotDeployError
from infra.deploy.protection import refuse_unprotecting
from infra.deploy.templates import foundation
from infra.package import ROOT

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    },
}
POOL = {"Type": "AWS::Cognito::UserPool", "Properties": {"DeletionProtection": "ACTIVE"}}


def refuse(before: Any, after: Any) -> list[str]:
    """The lines with which it is refused, or none."""

    def get_template(StackName: str, TemplateStage: str) -> dict[str, Any]:
        assert (StackName, TemplateStage) == ("frontdesk-prod", "Processed")
        return {"TemplateBody": before}

    try:
        refuse_unprotecting(SimpleNamespace(get_template=get_template), "frontdesk-prod", after)
    except CannotDeployError as error:
        return list(error.lines)
    return []


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": {name: deepcopy(resource) for name, resource in resources.items()}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t["Properties"].pop("PointInTimeRecoverySpecification"), "point-in-time recovery"),
        (
            lambda t: t["Properties"].update(
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
            ),
            "point-in-time recovery",
        ),
        (lambda t: t["Properties"].pop("DeletionProtectionEnabled"), "deletion protection"),
        (lambda t: t["Properties"].update(DeletionProtectionEnabled="false"), "deletion protection"),
        (
            lambda t: t["Properties"].update(DeletionProtectionEnabled={"Fn::If": ["C", True, False]}),
            "deletion protection",
        ),
        (
            lambda t: t.update(DeletionPolicy="Delete"),
            "what keeps it when the stack is removed (DeletionPolicy)",
        ),
        (
            lambda t: t.pop("UpdateReplacePolicy"),
            "what keeps it when it is replaced (UpdateReplacePolicy)",
        ),
    ],
)
def test_a_guard_of_a_table_that_would_go_is_refused(change: Any, told: str) -> None:
    before = template(PagesTable=TABLE, Other=TABLE)
    after = deepcopy(before)
    change(after["Resources"]["PagesTable"])
    assert refuse(before, after) == [
        f"Refused: it would take {told} from PagesTable (AWS::DynamoDB::Table)",
        "Nothing was changed. Undo what asks for it in the template",
    ]
    # The other way round it is one more, and welcome.
    assert refuse(after, before) == []


def test_a_user_pool_keeps_its_protection() -> None:
    after = template(StaffPool=POOL)
    after["Resources"]["StaffPool"]["Properties"]["DeletionProtection"] = "INACTIVE"
    [line, _] = refuse(template(StaffPool=POOL), after)
    assert line == "Refused: it would take its deletion protection from StaffPool (AWS::Cognito::UserPool)"


def test_a_table_that_never_had_it_lacks_nothing_and_one_that_goes_is_the_change_sets_to_tell() -> None:
    bare = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
    assert refuse(template(GuardTable=bare), template(GuardTable=bare)) == []
    assert refuse(template(PagesTable=TABLE), template()) == []
    assert refuse("a template in YAML that somebody deployed by hand", template()) == []


def test_what_this_folder_declares_has_its_guards_and_a_first_deployment_adds_the_last() -> None:
    declared = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())
    whole = {"AWSTemplateFormatVersion": "", "Parameters": {}, "Conditions": {}} | declared
    assert refuse(foundation(whole), whole) == []
    lines = refuse(whole, foundation(whole))
    assert "Refused: it would take deletion protection from CommentsTable (AWS::DynamoDB::Table)" in lines
