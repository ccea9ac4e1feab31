"""Remove a stage. Its data stays unless two things told so: DESTROY_DATA, and the name typed again.

What stays is what the template retains: the tables, the KMS key without which they are noise; and the
product's keys in SSM, which no stack ever held. `make deploy ADOPT=data` takes them in again.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.asking import ask_person
from infra.deploy.aws import code_of
from infra.deploy.errors import CannotDeployError
from infra.deploy.key_parameters import find_kms_key, find_versions, parameter_names
from infra.deploy.progress import Watched
from infra.deploy.stacks import find_stack
from infra.deploy.stage_file import StageFile
from infra.deploy.taken import find_table, kms_key_of
from infra.deploy.templates import declared_tables

# AWS's longest: so long a person can change their mind.
_DAYS_UNTIL_THE_KEY_IS_GONE = 30


def confirm(stack: str, what: str, given: str | None, ask: Callable[[str], str] = input) -> None:
    """Raises CannotDeployError unless the stack's name was given, or is typed now."""
    if given is None and sys.stdin.isatty():
        given = ask_person(f"This removes {what}. Type {stack} to do it: ", ask)
    if given != stack:
        raise CannotDeployError(
            f"Nothing was removed: it takes the stack's name, typed at a terminal or as CONFIRM={stack}"
        )


def destroy(stage: StageFile, aws: Any, *, with_data: bool) -> None:
    """Raises CannotDeployError. A run that was interrupted is run again, and goes on."""
    _delete_stack(aws.client("cloudformation"), stage.stack)
    names = declared_tables(stage.stage)
    if with_data:
        _destroy_data(aws, stage.stage, names)
        return
    kept = [name for name in names if find_table(aws.client("dynamodb"), name)]
    if all(find_versions(aws.client("ssm"), stage.stage)):
        kept += parameter_names(stage.stage)
    if kept:
        print(f"Kept, with the KMS key: {', '.join(kept)}")
        print(f"To take them in again: make deploy STAGE={stage.stage} ADOPT=data")


def _delete_stack(cloudformation: Any, name: str) -> None:
    stack = find_stack(cloudformation, name)
    if stack is None:
        print(f"The stack {name} is not there")
        return
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        raise CannotDeployError(
            f"{name} is being changed ({stack.status}): wait until that has ended, then run it again"
        )
    watched = Watched(cloudformation, name)
    cloudformation.delete_stack(StackName=name)
    watched.wait("Mend that, then run make destroy again")


def _destroy_data(aws: Any, stage: str, tables: list[str]) -> None:
    dynamodb, ssm = aws.client("dynamodb"), aws.client("ssm")
    keys = {key for name in tables if (key := _delete_table(dynamodb, name))}
    keys |= {key for key in [find_kms_key(ssm, stage)] if key}
    for key in sorted(keys):
        _schedule_deletion(aws.client("kms"), key)
    # Last: as long as one is there, the KMS key is found again by a run after one that was interrupted.
    for name in parameter_names(stage):
        with suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=name)
            print(f"Deleted {name}")


def _delete_table(dynamodb: Any, name: str) -> str | None:
    """Return the KMS key that it was encrypted under."""
    table = find_table(dynamodb, name)
    if table is None:
        return None
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2})
    dynamodb.delete_table(TableName=name)
    print(f"Deleted {name}")
    return kms_key_of(table)


def _schedule_deletion(kms: Any, key: str) -> None:
    try:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS_UNTIL_THE_KEY_IS_GONE)
    except ClientError as error:
        # Told before.
        if code_of(error) != "KMSInvalidStateException":
            raise
    days = _DAYS_UNTIL_THE_KEY_IS_GONE
    print(f"The KMS key {key} is deleted in {days} days, and no backup can be read after that")
