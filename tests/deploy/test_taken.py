"""Tables that are there already: another stack's are refused, ours from before are taken in when asked."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.deploy.errors import CannotDeployError
from infra.deploy.taken import Orphan, find_orphans, imports_of

from .fakes import STACK, client_error

TEMPLATE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {},
    "Conditions": {},
    "Resources": {
        "DataKey": {"Type": "AWS::KMS::Key", "Properties": {}},
        "DataKeyAlias": {"Type": "AWS::KMS::Alias", "Properties": {}},
        "PagesTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"TableName": {"Fn::Sub": "frontdesk-${Stage}-pages"}},
        },
        "GuardTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"TableName": {"Fn::Sub": "frontdesk-${Stage}-guard"}},
        },
    },
}


class NoSuchTable(Exception):
    pass


class Account:
    """One table, and whose it is: None for nobody's."""

    exceptions = SimpleNamespace(ResourceNotFoundException=NoSuchTable)

    def __init__(self, owner: str | None) -> None:
        self.owner = owner

    def client(self, _service: str) -> Any:
        return self

    def describe_table(self, TableName: str) -> dict[str, Any]:
        if TableName != "frontdesk-prod-pages":
            raise NoSuchTable
        return {"Table": {"SSEDescription": {"KMSMasterKeyArn": "arn:aws:kms:us-east-1:1:key/k-1"}}}

    def describe_stack_resources(self, PhysicalResourceId: str) -> dict[str, Any]:
        if self.owner is None:
            raise client_error("ValidationError", f"Stack for {PhysicalResourceId} does not exist")
        return {"StackResources": [{"StackName": self.owner}]}


def test_a_table_of_another_stack_is_refused() -> None:
    with pytest.raises(
        CannotDeployError, match="frontdesk-prod-pages is taken by the stack theirs: take another"
    ):
        find_orphans(Account("theirs"), TEMPLATE, "prod", STACK, is_there=False)


def test_a_table_of_nobodys_is_taken_in_with_its_key() -> None:
    orphans = find_orphans(Account(None), TEMPLATE, "prod", STACK, is_there=False)
    assert orphans == [Orphan("PagesTable", "frontdesk-prod-pages", "k-1")]
    template, imports = imports_of(TEMPLATE, orphans, "k-1")
    # What is not there yet is made by the step after.
    assert set(template["Resources"]) == {"DataKey", "PagesTable"}
    assert {i["LogicalResourceId"]: i["ResourceIdentifier"] for i in imports} == {
        "PagesTable": {"TableName": "frontdesk-prod-pages"},
        "DataKey": {"KeyId": "k-1"},
    }


@pytest.mark.parametrize("key", [None, "k-2"])
def test_tables_under_another_key_are_not_ours(key: str | None) -> None:
    orphans = [Orphan("PagesTable", "frontdesk-prod-pages", "k-1")]
    with pytest.raises(CannotDeployError, match="no stack of ours made these"):
        imports_of(TEMPLATE, orphans, key)
