"""Every AWS call that a function makes, as IAM sees it: an action on a resource, with its condition keys."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

_IN_TRANSACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


# The names in a condition expression, without its values (`:page`) and functions.
_NAME = re.compile(r"(?<![:\w])[a-z_]\w*")
_WORDS = {"attribute_not_exists", "attribute_exists"}


@dataclass(frozen=True)
class Need:
    """One permission that a call needs. `resource` is `<kind>/<name>`: the tests know its ARN."""

    action: str
    resource: str
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = ()


@dataclass
class Recorder:
    needs: list[Need] = field(default_factory=list)
    # By service, as botocore calls both.
    operations: set[tuple[str, str]] = field(default_factory=set)


@contextmanager
def recorded(besides: tuple[Any, ...]) -> Iterator[Recorder]:
    """Record what is called meanwhile, by all clients but those of `besides`, which are the test's own."""
    recorder = Recorder()
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if client not in besides:
            service = client.meta.service_model.service_name
            recorder.operations.add((service, operation))
            recorder.needs += _needs(service, operation, parameters)
        if operation == "GetAccount":
            # moto does not know it.
            return {"SendQuota": {"MaxSendRate": 1000.0}}
        return call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", record):
        yield recorder


def _needs(service: str, operation: str, parameters: dict[str, Any]) -> list[Need]:
    if service == "dynamodb":
        return list(_dynamodb_needs(operation, parameters))
    if service == "sqs":
        queue = parameters["QueueUrl"].rpartition("/")[2]
        return [Need(f"sqs:{operation.removesuffix('Batch')}", f"queue/{queue}")]
    if service == "ssm":
        return [Need(f"ssm:{operation}", f"parameter{parameters['Name']}")]
    if service == "sesv2":
        return list(_ses_needs(operation, parameters))
    raise AssertionError(f"a call that no policy knows of: {service} {operation}")


def _dynamodb_needs(operation: str, parameters: dict[str, Any]) -> Iterator[Need]:
    if operation == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            [(kind, action)] = item.items()
            yield Need(_IN_TRANSACTIONS[kind], f"table/{action['TableName']}", _attributes(kind, action))
    elif operation == "BatchGetItem":
        for table in parameters["RequestItems"]:
            yield Need("dynamodb:BatchGetItem", f"table/{table}")
    else:
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        returned = (("dynamodb:ReturnValues", parameters.get("ReturnValues", "NONE")),)
        context = returned if operation in ("PutItem", "UpdateItem") else ()
        yield Need(f"dynamodb:{operation}", f"table/{parameters['TableName']}{index}", context)


def _attributes(kind: str, action: dict[str, Any]) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    """dynamodb:Attributes: what a put writes, what the key and expressions of a check or update name."""
    if kind == "Put":
        return (("dynamodb:Attributes", tuple(sorted(action["Item"]))),)
    if kind in ("ConditionCheck", "Update"):
        expressions = f"{action.get('UpdateExpression', '')} {action.get('ConditionExpression', '')}"
        named = set(_NAME.findall(expressions)) - _WORDS
        return (("dynamodb:Attributes", tuple(sorted(named | set(action["Key"])))),)
    return ()


def _ses_needs(operation: str, parameters: dict[str, Any]) -> Iterator[Need]:
    if operation == "GetAccount":
        # It has no resource: IAM matches it with "*" alone.
        yield Need("ses:GetAccount", "account")
        return
    sender = parameters["FromEmailAddress"]
    context = (("ses:FromAddress", sender),)
    actions = [f"ses:{operation}"]
    # The v2 operation with raw content needs the v1 action for raw mail as well.
    if "Raw" in parameters["Content"]:
        actions.append("ses:SendRawEmail")
    resources = [f"identity/{sender}", f"identity/{sender.rpartition('@')[2]}"]
    resources.append(f"configuration-set/{parameters['ConfigurationSetName']}")
    for action in actions:
        for resource in resources:
            yield Need(action, resource, context)
