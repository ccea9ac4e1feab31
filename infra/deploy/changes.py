"""Change sets: what a deployment would do, asked before it is done."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.errors import CannotDeployError
from infra.deploy.stacks import HOLDS_DATA, TAG, Stack

# Roles without names of their own. The template has no transform: it was translated here.
_CAPABILITIES = ["CAPABILITY_IAM"]
SECONDS_BETWEEN_LOOKS = 2.0
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_WORDS = {
    "Add": "make",
    "Modify": "change",
    "Remove": "remove",
    "Import": "take in",
    "Dynamic": "perhaps change",
}


@dataclass(frozen=True)
class Change:
    """One resource that would change. `replaces` is also True where AWS does not know yet."""

    action: str
    logical_id: str
    type: str
    replaces: bool
    properties: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.word:8} {self.resource}"

    @property
    def word(self) -> str:
        return "replace" if self.replaces else _WORDS.get(self.action, self.action.lower())

    @property
    def resource(self) -> str:
        changed = f": {', '.join(self.properties)}" if self.properties else ""
        return f"{self.logical_id} ({self.type}){changed}"

    @property
    def loses_data(self) -> bool:
        return self.type in HOLDS_DATA and (self.replaces or self.action in ("Remove", "Dynamic"))


@dataclass(frozen=True)
class ChangeSet:
    name: str
    stack: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Wanted:
    """What the stack is to be: a template in S3, its parameters; what it takes in, if anything."""

    stack: str
    template_url: str
    parameters: Mapping[str, str]
    imports: tuple[dict[str, Any], ...] = ()


@contextmanager
def change_set(
    cloudformation: Any, wanted: Wanted, there: Stack | None, name: str
) -> Iterator[ChangeSet | None]:
    """What would change, or None. Whatever is not executed inside is gone afterwards.

    Raises CannotDeployError where CloudFormation cannot make one.
    """
    kind = "IMPORT" if wanted.imports else "UPDATE" if there else "CREATE"
    # An import may set no tags; the update that follows it does.
    tags = [dict(zip(("Key", "Value"), TAG, strict=True))]
    more = {"ResourcesToImport": list(wanted.imports)} if wanted.imports else {"Tags": tags}
    try:
        cloudformation.create_change_set(
            StackName=wanted.stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateURL=wanted.template_url,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in wanted.parameters.items()
            ],
            Capabilities=_CAPABILITIES,
            **more,
        )
        yield _wait(cloudformation, wanted.stack, name)
    finally:
        _clear(cloudformation, wanted.stack, name, is_new=there is None)


def refuse_loss(changes: ChangeSet) -> None:
    """Raises CannotDeployError where a table, the key or the user pool would go. No option overrides it."""
    lost = [change for change in changes.changes if change.loses_data]
    if lost:
        raise CannotDeployError(
            *(f"Refused: it would {c.word} {c.resource}, and what that holds would be gone" for c in lost),
            "Nothing was changed. Undo what asks for it in the template or the settings; to move data, "
            "make a new table beside the old one",
        )


def _wait(cloudformation: Any, stack: str, name: str) -> ChangeSet | None:
    while True:
        described = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        status, reason = described["Status"], described.get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            return ChangeSet(name, stack, tuple(_read_changes(cloudformation, described)))
        if status == "FAILED":
            if any(words in reason for words in _NO_CHANGES):
                return None
            raise CannotDeployError(
                f"CloudFormation cannot plan the change: {reason.rstrip('.')}. Nothing was changed; mend "
                "that and run it again"
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _read_changes(cloudformation: Any, described: dict[str, Any]) -> Iterator[Change]:
    """Of all pages: what is refused may stand on the last."""
    while True:
        for change in described["Changes"]:
            yield _read_change(change["ResourceChange"])
        if not (token := described.get("NextToken")):
            return
        described = cloudformation.describe_change_set(
            StackName=described["StackName"], ChangeSetName=described["ChangeSetName"], NextToken=token
        )


def _read_change(change: dict[str, Any]) -> Change:
    targets = [detail["Target"] for detail in change.get("Details", [])]
    names = sorted({target.get("Name") or target["Attribute"] for target in targets})
    replaces = change["Action"] == "Modify" and change.get("Replacement", "False") != "False"
    return Change(
        change["Action"], change["LogicalResourceId"], change["ResourceType"], replaces, tuple(names)
    )


def _clear(cloudformation: Any, stack: str, name: str, *, is_new: bool) -> None:
    """Delete the change set, and the stack that AWS made to hold it; both may be gone, or in use."""
    with suppress(ClientError):
        described = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        if described["ExecutionStatus"].startswith("EXECUTE_"):
            return
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    with suppress(ClientError):
        if is_new:
            [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
            listed = cloudformation.list_change_sets(StackName=stack)["Summaries"]
            # Two first deployments at once share that stack: the other's plan would go with it.
            is_ours_alone = all(each["ChangeSetName"] == name for each in listed)
            if found["StackStatus"] == "REVIEW_IN_PROGRESS" and is_ours_alone:
                cloudformation.delete_stack(StackName=stack)
