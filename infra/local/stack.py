"""The stack `frontdesk-local`: created, or updated where the template has changed."""

import json
import time
from typing import Any

from botocore.exceptions import ClientError

from infra.local.errors import CannotRunError
from infra.local.template import Template

STACK = "frontdesk-local"
_PARAMETERS = [{"ParameterKey": "Stage", "ParameterValue": "local"}]


def deploy(cloudformation: Any, template: Template) -> dict[str, str]:
    """Each resource's physical name, by its logical id."""
    body = json.dumps(template)
    if _exists(cloudformation):
        _update(cloudformation, body)
    else:
        cloudformation.create_stack(StackName=STACK, TemplateBody=body, Parameters=_PARAMETERS)
    _wait(cloudformation)
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def _exists(cloudformation: Any) -> bool:
    try:
        cloudformation.describe_stacks(StackName=STACK)
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return True


def _update(cloudformation: Any, body: str) -> None:
    try:
        cloudformation.update_stack(StackName=STACK, TemplateBody=body, Parameters=_PARAMETERS)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _wait(cloudformation: Any) -> None:
    while (status := _status(cloudformation)).endswith("IN_PROGRESS"):
        time.sleep(0.05)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise CannotRunError(
            f"The tables could not be made from infra/template.yaml ({status}): "
            "undo the last change to it, or start afresh with FRONTDESK_DATA=folder make run"
        )


def _status(cloudformation: Any) -> str:
    return str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
