"""CloudFormation that says what a test scripted: one stack, its events, its change set."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, WaiterError
from moto import mock_aws

STACK = "frontdesk-prod"


@contextmanager
def mocked(service: str) -> Iterator[Any]:
    """A client of moto, which forgets nothing where other tests hold it open: delete what you made."""
    with mock_aws():
        yield botocore.session.get_session().create_client(service, region_name="us-east-1")


def client_error(code: str, message: str = "", operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def event(logical_id: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "EventId": f"{logical_id}-{status}",
        "LogicalResourceId": logical_id,
        "ResourceType": "AWS::X::Y",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def change(action: str, logical_id: str, kind: str, replacement: str | None = None) -> dict[str, Any]:
    changed = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, "Details": []}
    return {"ResourceChange": {**changed, **({"Replacement": replacement} if replacement else {})}}


class FakeCloudFormation:
    """`status` None: no stack. After an execution or a deletion, `outcome` says step by step what happens."""

    def __init__(
        self, status: str | None, outcome: list[tuple[str, list[dict[str, Any]]]] | None = None
    ) -> None:
        self.status = status
        self.meta = SimpleNamespace(region_name="us-east-1")
        self.outcome = outcome or []
        self.changes: list[list[dict[str, Any]]] = [[]]
        self.failure = ""
        self.cannot_be_deleted = False
        self.is_ours = True
        self.change_sets_of_others: list[str] = []
        self.of_others: tuple[str, ...] = ()
        self.resources: list[dict[str, Any]] = []
        self.parameters: dict[str, str] = {}
        self.called: list[str] = []
        self.created: dict[str, Any] = {}
        self._running = False
        self._events: list[dict[str, Any]] = []
        self._change_set = False
        self._executed = False

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if self._running and self.outcome:
            self.status, events = self.outcome.pop(0)
            self._events = [*reversed(events), *self._events]
        if self.status in (None, "DELETE_COMPLETE"):
            raise client_error("ValidationError", f"Stack with id {StackName} does not exist")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()]
        tags = [{"Key": "application", "Value": "frontdesk"}] if self.is_ours else []
        stack = {"StackName": STACK, "StackId": "arn:stack", "StackStatus": self.status, "Tags": tags}
        return {"Stacks": [{**stack, "Parameters": given}]}

    def describe_stack_events(self, StackName: str, NextToken: str | None = None) -> dict[str, Any]:
        return {"StackEvents": list(self._events)}

    def describe_stack_resources(self, PhysicalResourceId: str) -> dict[str, Any]:
        if PhysicalResourceId not in self.of_others:
            raise client_error("ValidationError", f"Stack for {PhysicalResourceId} does not exist")
        return {"StackResources": [{"StackName": "theirs"}]}

    def create_change_set(self, **wanted: Any) -> None:
        self.called.append("create_change_set")
        self.created = wanted
        self._change_set = True
        if wanted["ChangeSetType"] == "CREATE":
            self.status = "REVIEW_IN_PROGRESS"

    def describe_change_set(self, StackName: str, ChangeSetName: str, NextToken: str = "0") -> dict[str, Any]:
        if not self._change_set:
            raise client_error("ChangeSetNotFound")
        page = int(NextToken)
        more = {"NextToken": str(page + 1)} if page + 1 < len(self.changes) else {}
        return {
            "StackName": StackName,
            "ChangeSetName": ChangeSetName,
            "Status": "FAILED" if self.failure else "CREATE_COMPLETE",
            "StatusReason": self.failure,
            "ExecutionStatus": "EXECUTE_COMPLETE" if self._executed else "AVAILABLE",
            "Changes": self.changes[page],
            **more,
        }

    def execute_change_set(self, **executed: Any) -> None:
        self.called.append("execute_change_set")
        assert executed["RetainExceptOnCreate"] is True
        self._running = self._executed = True

    def delete_change_set(self, **_: Any) -> None:
        self.called.append("delete_change_set")
        self._change_set = False

    def list_change_sets(self, StackName: str) -> dict[str, Any]:
        # Ours is listed for a while after it was deleted.
        names = [self.created["ChangeSetName"], *self.change_sets_of_others]
        return {"Summaries": [{"ChangeSetName": name} for name in names]}

    def delete_stack(self, StackName: str) -> None:
        self.called.append("delete_stack")
        self._running = True
        if not self.outcome:
            self.status = None

    def get_paginator(self, name: str) -> Any:
        assert name == "list_stack_resources"
        return _Pages(lambda: [{"StackResourceSummaries": self.resources}])

    def get_waiter(self, name: str) -> Any:
        assert name == "stack_delete_complete"
        return _Waiter(self.cannot_be_deleted)


class _Pages:
    def __init__(self, pages: Callable[[], list[dict[str, Any]]]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return self._pages()


class _Waiter:
    def __init__(self, fails: bool) -> None:
        self._fails = fails

    def wait(self, **_: Any) -> None:
        if self._fails:
            raise WaiterError("StackDeleteComplete", "DELETE_FAILED", {})
