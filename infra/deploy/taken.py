"""Tables that are there although the stack does not hold them: another's, or this stack's from before."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.errors import CannotDeployError
from infra.deploy.stacks import KEY, list_resources
from infra.deploy.templates import Template, kept_data, table_names


@dataclass(frozen=True)
class Orphan:
    logical_id: str
    name: str
    kms_key: str | None


def find_orphans(aws: Any, template: Template, stage: str, stack: str, *, is_there: bool) -> list[Orphan]:
    """Tables with the names of ours, outside our stack. Raises CannotDeployError for another stack's."""
    cloudformation = aws.client("cloudformation")
    ours = {r.physical_id for r in list_resources(cloudformation, stack)} if is_there else set()
    orphans = []
    for logical_id, name in table_names(template, stage).items():
        table = None if name in ours else find_table(aws.client("dynamodb"), name)
        if table is not None:
            refuse_anothers(cloudformation, name, stack)
            orphans.append(Orphan(logical_id, name, kms_key_of(table)))
    return orphans


def refuse_orphans(orphans: list[Orphan], stage: str, *, stack_is_there: bool) -> None:
    """Raises CannotDeployError: what is there is not taken in unasked."""
    if not orphans:
        return
    names = ", ".join(orphan.name for orphan in orphans)
    if stack_is_there:
        raise CannotDeployError(
            f"The name is taken: {names} belongs to no stack, and this one would make it. If it is empty, "
            "left by a deployment that failed, delete it; else import it into the stack; then run this again"
        )
    raise CannotDeployError(
        f"The name is taken: {names} belongs to no stack. If make destroy left it, take it in again: "
        f"make deploy STAGE={stage} ADOPT=data; else delete or rename it"
    )


def imports_of(
    template: Template, orphans: list[Orphan], key: str | None
) -> tuple[Template, tuple[dict[str, Any], ...]]:
    """The template with which a new stack takes them in, and what CloudFormation must be told of each.

    `key` is the KMS key of the product's keys. Raises CannotDeployError where it is not the tables' key.
    """
    if key is None or not {orphan.kms_key for orphan in orphans} <= {None, key}:
        raise CannotDeployError(
            "The tables that are there are not encrypted under the KMS key of the product's keys in SSM: if "
            "the keys were put back under another, put them back under the tables' own (aws ssm "
            "put-parameter --overwrite --key-id); else no stack of ours made these: rename or delete them"
        )
    resources = [
        {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": o.logical_id}
        | {"ResourceIdentifier": {"TableName": o.name}}
        for o in orphans
    ]
    resources.append(
        {"ResourceType": "AWS::KMS::Key", "LogicalResourceId": KEY, "ResourceIdentifier": {"KeyId": key}}
    )
    return kept_data(template, [orphan.logical_id for orphan in orphans]), tuple(resources)


def find_table(dynamodb: Any, name: str) -> dict[str, Any] | None:
    try:
        table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return table


def kms_key_of(table: dict[str, Any]) -> str | None:
    """The key's id, where the table is under one of the account's own."""
    arn: str | None = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    return arn.rpartition("/")[2] if arn else None


def refuse_anothers(cloudformation: Any, table: str, stack: str) -> None:
    """Raises CannotDeployError where the table is of another stack than ours."""
    try:
        found = cloudformation.describe_stack_resources(PhysicalResourceId=table)["StackResources"]
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    if found and found[0]["StackName"] != stack:
        raise CannotDeployError(
            f"The name {table} is taken by the stack {found[0]['StackName']}: take another account or "
            "region, or remove that stack first"
        )
