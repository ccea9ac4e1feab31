"""Change sets: what would lose data is refused, and what is not executed leaves nothing behind."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy.changes import Wanted, change_set, refuse_loss
from infra.deploy.errors import CannotDeployError
from infra.deploy.progress import Watched, execute
from infra.deploy.stacks import Stack, make_ready

from .fakes import STACK, FakeCloudFormation, change, client_error, event

WANTED = Wanted(STACK, "https://s3/template.json", {"Stage": "prod"})
THERE = Stack(STACK, "UPDATE_COMPLETE")
TABLE, KEY, POOL = "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool"


def plan(cloudformation: FakeCloudFormation, there: Stack | None = THERE) -> None:
    """As a deployment does it: plan, refuse, execute."""
    with change_set(cloudformation, WANTED, there, "deploy-1") as changes:
        if changes is not None:
            refuse_loss(changes)
            execute(cloudformation, changes)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (change("Remove", "PagesTable", TABLE), "remove PagesTable (AWS::DynamoDB::Table)"),
        (change("Modify", "PagesTable", TABLE, "True"), "replace PagesTable (AWS::DynamoDB::Table)"),
        (change("Modify", "PagesTable", TABLE, "Conditional"), "replace PagesTable (AWS::DynamoDB::Table)"),
        (change("Dynamic", "PagesTable", TABLE), "perhaps change PagesTable (AWS::DynamoDB::Table)"),
        (change("Remove", "DataKey", KEY), "remove DataKey (AWS::KMS::Key)"),
        (change("Modify", "StaffPool", POOL, "True"), "replace StaffPool (AWS::Cognito::UserPool)"),
    ],
)
def test_what_would_lose_data_is_refused_and_nothing_is_executed(changed: dict[str, Any], told: str) -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE")
    # On the second page: AWS gives a long plan in pieces.
    cloudformation.changes = [[change("Modify", "Mail", "AWS::Lambda::Function", "False")], [changed]]
    with pytest.raises(CannotDeployError) as refused:
        plan(cloudformation)
    first, last = refused.value.lines
    assert first == f"Refused: it would {told}, and what that holds would be gone"
    assert last.startswith("Nothing was changed.")
    assert cloudformation.called == ["create_change_set", "delete_change_set"]


def test_each_resource_that_would_be_lost_has_a_line() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE")
    cloudformation.changes = [[change("Remove", name, TABLE) for name in ("A", "B", "C")]]
    with pytest.raises(CannotDeployError) as refused:
        plan(cloudformation)
    assert len(refused.value.lines) == 4


@pytest.mark.parametrize(
    "changed",
    [
        change("Modify", "PagesTable", TABLE, "False"),
        change("Add", "NewTable", TABLE),
        change("Import", "PagesTable", TABLE),
        change("Remove", "MailVersion1", "AWS::Lambda::Version"),
        change("Modify", "MailQueue", "AWS::SQS::Queue", "True"),
    ],
)
def test_what_loses_no_data_is_executed(changed: dict[str, Any]) -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", [("UPDATE_COMPLETE", [])])
    cloudformation.changes = [[changed]]
    plan(cloudformation)
    assert cloudformation.called == ["create_change_set", "execute_change_set"]


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed"]
)
def test_nothing_to_change_is_no_failure(reason: str) -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE")
    cloudformation.failure = reason
    plan(cloudformation)
    assert cloudformation.called == ["create_change_set", "delete_change_set"]


def test_a_plan_that_cannot_be_made_says_why() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE")
    cloudformation.failure = "Parameter Sites failed to satisfy constraint."
    with pytest.raises(
        CannotDeployError, match=r"cannot plan the change: Parameter Sites failed .* Nothing was changed"
    ):
        plan(cloudformation)


def test_a_plan_for_a_new_stack_leaves_no_empty_stack() -> None:
    cloudformation = FakeCloudFormation(None)
    with change_set(cloudformation, WANTED, None, "diff-1"):
        pass
    assert cloudformation.called == ["create_change_set", "delete_change_set", "delete_stack"]
    assert cloudformation.status is None


def test_a_stack_that_holds_somebody_elses_plan_is_left_to_them() -> None:
    """Of two first deployments at once, one of which is refused or ended."""
    cloudformation = FakeCloudFormation(None)
    cloudformation.change_sets_of_others = ["deploy-2"]
    with change_set(cloudformation, WANTED, None, "deploy-1"):
        pass
    assert cloudformation.called == ["create_change_set", "delete_change_set"]
    assert cloudformation.status == "REVIEW_IN_PROGRESS"


FAILED = [
    ("UPDATE_IN_PROGRESS", [event("Mail", "UPDATE_IN_PROGRESS")]),
    (
        "UPDATE_ROLLBACK_IN_PROGRESS",
        [
            event("Staff", "UPDATE_FAILED", "Resource update cancelled"),
            event("Mail", "UPDATE_FAILED", "The zip is not there."),
            event("Relay", "UPDATE_FAILED", "Later and of no interest"),
        ],
    ),
    ("UPDATE_ROLLBACK_COMPLETE", [event(STACK, "UPDATE_ROLLBACK_COMPLETE")]),
]


def test_a_failure_is_told_by_its_first_reason_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", list(FAILED))
    cloudformation.changes = [[change("Modify", "Mail", "AWS::Lambda::Function", "False")]]
    with pytest.raises(CannotDeployError) as failed:
        plan(cloudformation)
    assert failed.value.lines == (
        "frontdesk-prod failed (UPDATE_ROLLBACK_COMPLETE). Mail (AWS::X::Y): The zip is not there. "
        "Nothing is left half made: mend that, then run make deploy again",
    )
    told = capsys.readouterr().out.splitlines()
    assert [line.split() for line in told] == [
        ["UPDATE_IN_PROGRESS", "Mail"],
        ["UPDATE_FAILED", "Staff"],
        ["UPDATE_FAILED", "Mail"],
        ["UPDATE_FAILED", "Relay"],
        ["UPDATE_ROLLBACK_COMPLETE", STACK],
    ]


def test_events_of_earlier_operations_are_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    cloudformation = FakeCloudFormation(
        "UPDATE_COMPLETE", [("UPDATE_COMPLETE", [event("Mail", "UPDATE_COMPLETE")])]
    )
    cloudformation._events = [event("Old", "UPDATE_FAILED", "long ago")]
    watched = Watched(cloudformation, STACK)
    cloudformation._running = True
    watched.wait("")
    assert capsys.readouterr().out.split() == ["UPDATE_COMPLETE", "Mail"]


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    ],
)
def test_a_stack_at_rest_is_ready(status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    cloudformation.resources = [
        {"LogicalResourceId": "PagesTable", "ResourceType": TABLE, "ResourceStatus": "CREATE_COMPLETE"}
    ]
    stack = make_ready(cloudformation, STACK)
    assert stack is not None
    assert stack.status == status
    assert cloudformation.called == []


@pytest.mark.parametrize(
    "status",
    # The last: of tables that a new stack could not take in.
    ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_COMPLETE"],
)
def test_what_an_earlier_deployment_left_empty_is_cleared_away(status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    cloudformation.resources = [
        {"LogicalResourceId": "PagesTable", "ResourceType": TABLE, "ResourceStatus": "DELETE_COMPLETE"}
    ]
    assert make_ready(cloudformation, STACK) is None
    assert cloudformation.called == ["delete_stack"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_failed_stack_that_holds_a_table_is_left_alone(status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    cloudformation.resources = [
        {
            "LogicalResourceId": "PagesTable",
            "PhysicalResourceId": "frontdesk-prod-pages",
            "ResourceType": TABLE,
            "ResourceStatus": "CREATE_COMPLETE",
        }
    ]
    with pytest.raises(CannotDeployError, match="still holds frontdesk-prod-pages: "):
        make_ready(cloudformation, STACK)
    assert cloudformation.called == []


def test_a_stack_that_cannot_be_deleted_is_told_with_the_reason() -> None:
    """What failed before, a role with somebody's policy, fails again."""
    cloudformation = FakeCloudFormation("DELETE_FAILED")
    cloudformation.cannot_be_deleted = True
    cloudformation._events = [event("MailRole", "DELETE_FAILED", "It has a policy.")]
    with pytest.raises(CannotDeployError) as refused:
        make_ready(cloudformation, STACK)
    [line] = refused.value.lines
    assert line.startswith(
        "frontdesk-prod could not be deleted, because MailRole: It has a policy: mend that"
    )


def test_a_rollback_that_fails_is_not_called_undone() -> None:
    outcome = [("UPDATE_ROLLBACK_FAILED", [event("Mail", "UPDATE_FAILED", "The role is gone.")])]
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", outcome)
    cloudformation.changes = [[change("Modify", "Mail", "AWS::Lambda::Function", "False")]]
    with pytest.raises(CannotDeployError, match="Not all of it could be undone: run make deploy again"):
        plan(cloudformation)


@pytest.mark.parametrize(
    "status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"]
)
def test_a_stack_that_somebody_changes_is_waited_for(status: str) -> None:
    with pytest.raises(CannotDeployError, match=rf"being changed by somebody else \({status}\): wait"):
        make_ready(FakeCloudFormation(status), STACK)


def test_a_failed_rollback_names_its_reason_and_the_command() -> None:
    cloudformation = FakeCloudFormation("UPDATE_ROLLBACK_FAILED")
    cloudformation._events = [event("Mail", "UPDATE_FAILED", "The role is gone.")]
    with pytest.raises(
        CannotDeployError,
        match="because Mail: The role is gone: mend that, then run aws cloudformation continue-update-"
        "rollback --region us-east-1 --stack-name frontdesk-prod, then this again",
    ):
        make_ready(cloudformation, STACK)


def test_an_error_while_a_stack_is_looked_for_is_no_missing_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudformation = FakeCloudFormation("CREATE_COMPLETE")

    def refused(**_: Any) -> Any:
        raise client_error("AccessDenied", "not authorized")

    monkeypatch.setattr(cloudformation, "describe_stacks", refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        make_ready(cloudformation, STACK)
