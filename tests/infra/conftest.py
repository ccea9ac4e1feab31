"""The template that would be deployed, made once by `infra.package`: without the zip, and so without pip."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra.functions import FUNCTIONS
from infra.package import package

ACCOUNT = "123456789012"
REGION = "us-east-1"

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return package("prod", tmp_path_factory.mktemp("dist"), with_zip=False)


@pytest.fixture(scope="session")
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def known(resources: dict[str, Any]) -> dict[str, str]:
    """What the references in policies stand for, as CloudFormation would have it."""
    names = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "Stage": "prod",
        "MailSender": "desk@example.org",
        "MailConfigurationSet": "frontdesk-prod",
        "DataKey.Arn": arn("kms", "key/data"),
        "MailQueue.Arn": arn("sqs", "frontdesk-prod-mail"),
        "MailDeadLetterQueue.Arn": arn("sqs", "frontdesk-prod-mail-dead"),
        "RelayDeadLetterQueue.Arn": arn("sqs", "frontdesk-prod-relay-dead"),
    }
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            table = arn("dynamodb", f"table/{table_name(logical_id)}")
            names |= {f"{logical_id}.Arn": table, f"{logical_id}.StreamArn": f"{table}/stream/2026"}
    return names | {f"{f.log_group}.Arn": arn("logs", f"log-group:/aws/lambda/{f.name}:*") for f in FUNCTIONS}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def table_name(logical_id: str) -> str:
    """CommentsTable is frontdesk-prod-comments."""
    return f"frontdesk-prod-{re.sub('Table$', '', logical_id).lower()}"


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of each resource of a type, by logical id."""
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is tested here is made by packaging, which takes longer than a unit test may."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.packaging)
