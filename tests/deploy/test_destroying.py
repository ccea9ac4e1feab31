"""What stays after a removal is told."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from infra.deploy.destroying import GATEWAY_ROLE, tell_copies, tell_gateway_roles
from infra.package import ROOT
from tests.deploy.fakes import mocked

NAMES = ("frontdesk-prod-comments-restored", "frontdesk-production-comments", "payroll")


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mocked("dynamodb") as client:
        for name in NAMES:
            client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield client
        for backup in client.list_backups()["BackupSummaries"]:
            client.delete_backup(BackupArn=backup["BackupArn"])
        for name in NAMES:
            client.delete_table(TableName=name)


def test_copies_that_a_restore_left_are_told_and_nobody_elses(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """They hold what people wrote, which a removal with the data says is gone."""
    made = [dynamodb.create_backup(TableName=name, BackupName="copy")["BackupDetails"] for name in NAMES]
    tell_copies(dynamodb, "prod")
    told = capsys.readouterr().out
    assert "Kept: frontdesk-prod-comments-restored, copies of tables" in told
    assert f"Kept: the backups {made[0]['BackupArn']}: delete each" in told
    assert "production" not in told
    assert "payroll" not in told


class Account:
    """IAM is moto's; API Gateway logs with the role named `last`."""

    def __init__(self, iam: Any, last: str) -> None:
        arn = f"arn:aws:iam::123456789012:role/{last}"
        gateway = SimpleNamespace(get_account=lambda: {"cloudwatchRoleArn": arn})
        self._clients = {"iam": iam, "apigateway": gateway}

    def client(self, service: str) -> Any:
        return self._clients[service]


@pytest.fixture
def iam() -> Iterator[Any]:
    with mocked("iam") as client:
        yield client
        for role in client.list_roles()["Roles"]:
            client.delete_role(RoleName=role["RoleName"])


def make_role(iam: Any, name: str, application: str = "frontdesk") -> None:
    tags = [{"Key": "application", "Value": application}]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Tags=tags)


def test_each_gateway_role_that_removals_left_is_told_with_the_command_that_deletes_it(
    iam: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = [f"frontdesk-prod-{GATEWAY_ROLE}-{end}" for end in ("1A", "2B", "3C")]
    for name in (*ours, f"frontdesk-staging-{GATEWAY_ROLE}-4D", "frontdesk-prod-MailRole-5E"):
        make_role(iam, name)
    make_role(iam, f"frontdesk-prod-{GATEWAY_ROLE}-6F", application="payroll")
    tell_gateway_roles(Account(iam, last=ours[1]), "frontdesk-prod", "eu-west-1")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[3].rstrip(",") for line in lines] == [ours[1], ours[0], ours[2]]
    policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    for line, name in zip(lines, (ours[1], ours[0], ours[2]), strict=True):
        assert line.endswith(
            f"aws iam detach-role-policy --role-name {name} --policy-arn {policy} && "
            f"aws iam delete-role --role-name {name}"
        )
    # That role alone is the region's, and every API's.
    unset = "update-account --region eu-west-1 --patch-operations op=replace,path=/cloudwatchRoleArn,value="
    assert [unset in line for line in lines] == [True, False, False]
    assert ["If frontdesk-prod is in no other region: " in line for line in lines] == [False, True, True]


def test_a_gateway_role_that_is_not_ours_is_not_told(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make_role(iam, "theirs", application="payroll")
    make_role(iam, f"frontdesk-prod-{GATEWAY_ROLE}-1A")
    tell_gateway_roles(Account(iam, last="theirs"), "frontdesk-prod", "us-east-1")
    told = capsys.readouterr().out
    assert "theirs" not in told
    assert told.count("\n") == 1


def test_roles_that_may_not_be_listed_end_no_removal(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The stack is gone by then: what else is kept has still to be told."""

    def refuse(_operation: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListRoles")

    denied = SimpleNamespace(meta=iam.meta, get_role=iam.get_role, get_paginator=refuse)
    tell_gateway_roles(Account(denied, last="gone"), "frontdesk-prod", "us-east-1")
    told = capsys.readouterr().out
    assert (
        told == f"Not known: whether roles named frontdesk-prod-{GATEWAY_ROLE}-... are left (AccessDenied)\n"
    )


def test_the_role_is_named_as_the_template_names_it() -> None:
    """It has no name of its own there, so CloudFormation's begins with the stack's and its logical id."""
    role = yaml.safe_load((ROOT / "infra" / "gateway.yaml").read_text())["Resources"][GATEWAY_ROLE]
    assert (role["Type"], "RoleName" in role["Properties"]) == ("AWS::IAM::Role", False)
