"""Whether the product's keys may have been used: then they are never made anew."""

from typing import Any

from infra.deploy.stacks import find_stack, list_functions
from infra.deploy.templates import declared_tables


def has_served(aws: Any, stage: str, stack: str) -> bool:
    """Whether the stack holds a function, or any table of the stage an item.

    The tables are asked too: those that make destroy left are full before the new stack has functions.
    """
    cloudformation = aws.client("cloudformation")
    if find_stack(cloudformation, stack) and list_functions(cloudformation, stack):
        return True
    return any(_holds_an_item(aws.client("dynamodb"), name) for name in declared_tables(stage))


def _holds_an_item(dynamodb: Any, table: str) -> bool:
    try:
        return bool(dynamodb.scan(TableName=table, Limit=1, ConsistentRead=True)["Items"])
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
