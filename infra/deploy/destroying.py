"""Remove a stage. Its data stays unless two things told so: DESTROY_DATA, and the name typed again.

What stays is what the template retains: the tables, the KMS key without which they are noise; and the keys in
SSM, which no stack ever held. `make deploy ADOPT=data` takes them in again. Whatever stays is told.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.artifacts import Bucket
from infra.deploy.asking import ask_person, at_terminal
from infra.deploy.aws import code_of
from infra.deploy.checks import find_gateway_role, find_role_tags, is_ours
from infra.deploy.errors import CannotDeployError
from infra.deploy.key_parameters import akismet_key_name, find_kms_key, parameter_names
from infra.deploy.progress import Watched
from infra.deploy.stacks import KEY, Resource, find_stack, list_resources, refuse_foreign
from infra.deploy.stage_file import StageFile
from infra.deploy.taken import find_table, kms_key_of, refuse_anothers
from infra.deploy.templates import declared_tables

# AWS's longest: so long a person can change their mind.
_DAYS_UNTIL_THE_KEY_IS_GONE = 30
# The logical id in infra/gateway.yaml.
GATEWAY_ROLE = "GatewayRole"


def confirm(stack: str, what: str, given: str | None, ask: Callable[[str], str] = input) -> None:
    """Raises CannotDeployError unless the stack's name was given, or is typed now."""
    if given is None and at_terminal():
        given = ask_person(f"This removes {what}. Type {stack} to do it: ", ask)
    if given != stack:
        raise CannotDeployError(
            f"Nothing was removed: it takes the stack's name, typed at a terminal or as CONFIRM={stack}"
        )


def destroy(stage: StageFile, aws: Any, bucket: Bucket, *, with_data: bool) -> None:
    """Raises CannotDeployError. A run that was interrupted is run again, and goes on."""
    if with_data:
        for name in declared_tables(stage.stage):
            refuse_anothers(aws.client("cloudformation"), name, stage.stack)
    held = _delete_stack(aws.client("cloudformation"), stage.stack)
    if with_data:
        _destroy_data(
            aws, stage.stage, {r.physical_id for r in held if r.logical_id == KEY and r.physical_id}
        )
        tell_copies(aws.client("dynamodb"), stage.stage)
    else:
        _tell_data(aws, stage.stage)
    for pool in held:
        if pool.type == "AWS::Cognito::UserPool":
            print(f"Kept: the user pool {pool.physical_id}, in which staff sign in; delete it in the console")
    tell_gateway_roles(aws, stage.stack, stage.region)
    # Somebody else's, of that name, is none of ours to tell.
    with suppress(CannotDeployError):
        if bucket.exists():
            print(f"Kept: the bucket {bucket.name}, which holds code and templates, and no data")


def _delete_stack(cloudformation: Any, name: str) -> list[Resource]:
    """Return what it held."""
    stack = find_stack(cloudformation, name)
    if stack is None:
        print(f"The stack {name} is not there")
        return []
    refuse_foreign(cloudformation, stack)
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        raise CannotDeployError(
            f"{name} is being changed ({stack.status}): wait until that has ended, then run it again"
        )
    held = list_resources(cloudformation, name)
    watched = Watched(cloudformation, name)
    cloudformation.delete_stack(StackName=name)
    watched.wait("Mend that, then run make destroy again")
    return held


def _tell_data(aws: Any, stage: str) -> None:
    tables = [name for name in declared_tables(stage) if find_table(aws.client("dynamodb"), name)]
    parameters = _find_parameters(aws.client("ssm"), stage)
    if tables or parameters:
        print(f"Kept, with the KMS key: {', '.join([*tables, *parameters])}")
    if tables:
        print(f"To take them in again: make deploy STAGE={stage} ADOPT=data")


def _find_parameters(ssm: Any, stage: str) -> list[str]:
    names = [*parameter_names(stage), akismet_key_name(stage)]
    found = ssm.get_parameters(Names=names, WithDecryption=False)["Parameters"]
    return sorted(parameter["Name"] for parameter in found)


def _destroy_data(aws: Any, stage: str, keys: set[str]) -> None:
    dynamodb, ssm = aws.client("dynamodb"), aws.client("ssm")
    keys |= {key for name in declared_tables(stage) if (key := _delete_table(dynamodb, name))}
    keys |= {key for key in [find_kms_key(ssm, stage)] if key}
    for key in sorted(keys):
        _schedule_deletion(aws.client("kms"), key, stage)
    # Last: as long as one is there, the KMS key is found again by a run after one that was interrupted.
    for name in (akismet_key_name(stage), *parameter_names(stage)):
        with suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=name)
            print(f"Deleted {name}")


def tell_copies(dynamodb: Any, stage: str) -> None:
    """What docs/operate.md has a person make of a table: readable until the KMS key is gone."""
    tables = declared_tables(stage)
    pages = dynamodb.get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    copies = [name for name in names if name.startswith(tuple(f"{table}-" for table in tables))]
    if copies:
        print(f"Kept: {', '.join(copies)}, copies of tables: delete each, aws dynamodb delete-table")
    pages = dynamodb.get_paginator("list_backups").paginate(BackupType="USER")
    backups = [each for page in pages for each in page["BackupSummaries"]]
    if arns := [each["BackupArn"] for each in backups if each["TableName"].startswith(tuple(tables))]:
        print(f"Kept: the backups {', '.join(arns)}: delete each, aws dynamodb delete-backup --backup-arn")


def tell_gateway_roles(aws: Any, stack: str, region: str) -> None:
    """Each stack leaves one. All APIs of the region log with the last: whether any does is not known."""
    arn, tags = find_gateway_role(aws)
    last = arn.rpartition("/")[2] if is_ours(tags) else None
    iam, partition = aws.client("iam"), aws.client("iam").meta.partition
    if last:
        print(
            f"Kept: the role {last}, with which API Gateway writes logs of every API in this account. If "
            f"none is left: aws apigateway update-account --region {region} --patch-operations "
            f"op=replace,path=/cloudwatchRoleArn,value= && {_deletion_of_role(last, partition)}"
        )
    for name in _list_gateway_roles(iam, stack):
        if name != last:
            print(
                f"Kept: the role {name}, with which API Gateway wrote logs before. If {stack} is in no other "
                f"region: {_deletion_of_role(name, partition)}"
            )


def _deletion_of_role(name: str, partition: str) -> str:
    policy = f"arn:{partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    return (
        f"aws iam detach-role-policy --role-name {name} --policy-arn {policy} && "
        f"aws iam delete-role --role-name {name}"
    )


def _list_gateway_roles(iam: Any, stack: str) -> list[str]:
    """By the name that CloudFormation gives them, in all regions: IAM lists no roles by their tags."""
    try:
        pages = iam.get_paginator("list_roles").paginate()
        names = [role["RoleName"] for page in pages for role in page["Roles"]]
        return sorted(
            name
            for name in names
            if name.startswith(f"{stack}-{GATEWAY_ROLE}-") and is_ours(find_role_tags(iam, name))
        )
    except ClientError as error:
        # The stack is gone by now, and nothing depends on these.
        print(f"Not known: whether roles named {stack}-{GATEWAY_ROLE}-... are left ({code_of(error)})")
        return []


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


def _schedule_deletion(kms: Any, key: str, stage: str) -> None:
    """Only of a key that infra/cloud.yaml describes: a person can have put a parameter under another."""
    try:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
        if not found["Description"].startswith(f"Frontdesk {stage}:"):
            print(f"Kept: the KMS key {key}, which no stack of {stage} made")
            return
        # Told before, it is pending.
        if found["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS_UNTIL_THE_KEY_IS_GONE)
    except ClientError as error:
        # An alias that went with the stack, or a key that is gone.
        if code_of(error) == "NotFoundException":
            return
        raise
    days = _DAYS_UNTIL_THE_KEY_IS_GONE
    print(f"The KMS key {key} is deleted in {days} days, and no backup can be read after that")
