"""Execute a change set, or a deletion, and tell how it goes: one line an event."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.changes import ChangeSet
from infra.deploy.errors import CannotDeployError

SECONDS_BETWEEN_LOOKS = 3.0
_GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"})
# Said of what was under way when another resource failed: the reason is that one.
_FOLLOWS = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


def execute(cloudformation: Any, changes: ChangeSet) -> None:
    """Returns when the stack is as wanted. Raises CannotDeployError when it is as before."""
    watched = Watched(cloudformation, changes.stack)
    # Whatever this operation makes, tables too, goes again if it fails: nothing half made is left.
    cloudformation.execute_change_set(
        StackName=changes.stack, ChangeSetName=changes.name, RetainExceptOnCreate=True
    )
    watched.wait("Nothing is left half made: mend that, then run make deploy again")


class Watched:
    """A stack's events from now on. Made before the operation starts, so that it sees all of it."""

    def __init__(self, cloudformation: Any, stack: str, say: Callable[[str], None] = print) -> None:
        self._cloudformation = cloudformation
        # Its id: a stack that is gone is not found by its name any more.
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        self._id, self._name = found["StackId"], found["StackName"]
        self._seen = {event["EventId"] for event in self._events()}
        self._failures: list[str] = []
        self._say = say

    def wait(self, remedy: str) -> None:
        while True:
            # The status first: with the events read after it, the last one is among them.
            status = self._status()
            self._tell()
            if status in _GOOD:
                return
            if not status.endswith("_IN_PROGRESS"):
                why = self._failures[0] if self._failures else status
                if status.endswith("ROLLBACK_FAILED"):
                    remedy = "Not all of it could be undone: run make deploy again, it says what to do"
                raise CannotDeployError(f"{self._name} failed ({status}). {why.rstrip('.')}. {remedy}")
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _status(self) -> str:
        try:
            [stack] = self._cloudformation.describe_stacks(StackName=self._id)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return "DELETE_COMPLETE"
            raise
        return str(stack["StackStatus"])

    def _tell(self) -> None:
        for event in self._events():
            if event["EventId"] in self._seen:
                continue
            self._seen.add(event["EventId"])
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
            self._say(f"  {status:28} {event['LogicalResourceId']}")
            if status.endswith("_FAILED") and not reason.startswith(_FOLLOWS):
                self._failures.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}")

    def _events(self) -> list[dict[str, Any]]:
        """Oldest first, back to the first that was seen before."""
        events: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        try:
            while True:
                page = self._cloudformation.describe_stack_events(StackName=self._id, **more)
                events += page["StackEvents"]
                if "NextToken" not in page or any(e["EventId"] in getattr(self, "_seen", ()) for e in events):
                    return events[::-1]
                more = {"NextToken": page["NextToken"]}
        except ClientError as error:
            if "does not exist" in str(error):
                return events[::-1]
            raise
