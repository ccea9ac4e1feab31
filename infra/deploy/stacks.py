"""The state in which an earlier deployment left the stack, and what is to be done about it.

The states: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html.
"""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from infra.deploy.errors import CannotDeployError

# What nobody can give back, with what it holds: never to be removed or replaced by a deployment.
HOLDS_DATA = frozenset({"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool"})
_READY = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
# The logical id of the KMS key under which everything lies.
KEY = "DataKey"
# What every change set of ours tags its stack with; an import may not.
TAG = ("application", "frontdesk")
_NEVER_MADE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
# The last is of an update by hand in which somebody asked that what failed be kept.
_GOES_BACK_BY = {
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
    "UPDATE_FAILED": "rollback-stack",
}
_GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


@dataclass(frozen=True)
class Stack:
    """A stack that is there: its status, what it was made with, what it says about itself."""

    name: str
    status: str
    reason: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return self.status in _READY


@dataclass(frozen=True)
class Resource:
    logical_id: str
    type: str
    physical_id: str


def find_stack(cloudformation: Any, name: str) -> Stack | None:
    try:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if found["StackStatus"] == "DELETE_COMPLETE":
        return None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    given = {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])}
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return Stack(name, found["StackStatus"], found.get("StackStatusReason", ""), outputs, given, tags)


def list_resources(cloudformation: Any, name: str) -> list[Resource]:
    """What the stack holds now."""
    return [
        Resource(r["LogicalResourceId"], r["ResourceType"], r.get("PhysicalResourceId", ""))
        for r in _list_all(cloudformation, name)
        if r["ResourceStatus"] not in _GONE
    ]


def _list_all(cloudformation: Any, name: str) -> list[dict[str, Any]]:
    """What is gone is among them."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return [summary for page in pages for summary in page["StackResourceSummaries"]]


def list_functions(cloudformation: Any, name: str) -> list[str]:
    """The logical ids of the functions that are there: none after the first step of a first deployment."""
    held = list_resources(cloudformation, name)
    return [r.logical_id for r in held if r.type == "AWS::Lambda::Function" and r.physical_id]


def make_ready(cloudformation: Any, name: str) -> Stack | None:
    """The stack, fit to be changed; None where there is none. Mends what can be mended without loss.

    Raises as `refuse_stuck`.
    """
    stack = find_stack(cloudformation, name)
    if stack is None:
        return None
    refuse_stuck(cloudformation, stack)
    # A new stack that should have taken tables in, and could not: it never held anything.
    is_empty = stack.status == "IMPORT_ROLLBACK_COMPLETE" and not list_resources(cloudformation, name)
    if stack.is_ready and not is_empty:
        return stack
    if stack.status == "REVIEW_IN_PROGRESS":
        # A change set of a stack to be, never executed: it has no resource.
        _delete(cloudformation, name, "An earlier deployment stopped before it made anything")
    else:
        _delete(cloudformation, name, f"An earlier deployment failed ({stack.status}) and left nothing")
    return None


def refuse_stuck(cloudformation: Any, stack: Stack) -> None:
    """Raises CannotDeployError, with what is to be done, where a person has to do it."""
    refuse_foreign(cloudformation, stack)
    if stack.is_ready or stack.status == "REVIEW_IN_PROGRESS":
        return
    if stack.status in _NEVER_MADE:
        _refuse_held_data(cloudformation, stack)
        return
    if stack.status.endswith("_IN_PROGRESS"):
        raise CannotDeployError(
            f"{stack.name} is being changed by somebody else ({stack.status}): wait until that has ended, "
            "then run it again"
        )
    if stack.status == "IMPORT_ROLLBACK_FAILED":
        # ContinueUpdateRollback takes UPDATE_ROLLBACK_FAILED alone, RollbackStack CREATE_ and UPDATE_FAILED:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html.
        raise CannotDeployError(
            f"{stack.name} is in {stack.status}, because {_first_failure(cloudformation, stack.name)}: mend "
            "that. CloudFormation has no command that goes on from there: make destroy removes the stack and "
            "keeps tables and keys, then make deploy with ADOPT=data takes them in again"
        )
    if command := _GOES_BACK_BY.get(stack.status):
        raise CannotDeployError(
            f"{stack.name} is in {stack.status}, because {_first_failure(cloudformation, stack.name)}: mend "
            f"that, then run aws cloudformation {command} --region {cloudformation.meta.region_name} "
            f"--stack-name {stack.name}, then this again"
        )
    raise CannotDeployError(
        f"{stack.name} is in {stack.status}: see its events in the AWS console, mend it, then run it again"
    )


def refuse_foreign(cloudformation: Any, stack: Stack) -> None:
    """Raises CannotDeployError for a stack that only has the name of ours."""
    if stack.tags.get(TAG[0]) == TAG[1]:
        return
    held = _list_all(cloudformation, stack.name)
    if held and all(resource["LogicalResourceId"] != KEY for resource in held):
        raise CannotDeployError(
            f"The name is taken: the stack {stack.name} is there and is not ours, it has no KMS key {KEY}: "
            "take another account or region, or remove that stack first"
        )


def _refuse_held_data(cloudformation: Any, stack: Stack) -> None:
    held = [r for r in list_resources(cloudformation, stack.name) if r.type in HOLDS_DATA and r.physical_id]
    if held:
        names = ", ".join(resource.physical_id for resource in held)
        raise CannotDeployError(
            f"{stack.name} is in {stack.status} and still holds {names}: look whether they hold anything; "
            f"make destroy keeps them, and make deploy takes them in again with ADOPT=data"
        )


def _delete(cloudformation: Any, name: str, why: str) -> None:
    print(f"{why}: its empty stack is deleted")
    cloudformation.delete_stack(StackName=name)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 150}
        )
    except WaiterError:
        raise CannotDeployError(
            f"{name} could not be deleted, because {_first_failure(cloudformation, name)}: mend that, then "
            "run it again"
        ) from None


def _first_failure(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    # Newest first: the reason is the oldest failure of the newest operation.
    reasons: list[str] = []
    for event in events:
        if event["ResourceStatus"].endswith("ROLLBACK_IN_PROGRESS") and reasons:
            break
        if event["ResourceStatus"].endswith("FAILED") and event["LogicalResourceId"] != name:
            reasons.append(
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
            )
    return reasons[-1].rstrip(".") if reasons else "of a failure in its events"
