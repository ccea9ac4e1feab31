"""The commands from nothing to nothing, on ministack's CloudFormation, S3, SSM, KMS and DynamoDB.

The template is small: one table, the key, a queue in the place of everything else. That the whole one
deploys is the rehearsal's business.
"""

import json
import urllib.request
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib.privacy.keys import check_pair, read_keys, read_private_keys
from infra.deploy import deploying
from infra.deploy.__main__ import main
from infra.deploy.aws import Aws
from infra.local import emulator
from tests.faults.engine import make_client, running_engine

pytestmark = pytest.mark.faults

TABLE, STACK = "frontdesk-prod-pages", "frontdesk-prod"
Template = dict[str, Any]
_NAMES = ("Stage", "PublicUrl", "Sites", "Moderators", "Topics", "MailSender")
TEMPLATE: Template = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {name: {"Type": "String", "Default": ""} for name in _NAMES},
    "Conditions": {},
    "Resources": {
        "DataKey": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",
            "Properties": {"Description": {"Fn::Sub": "Frontdesk ${Stage}: key"}, "EnableKeyRotation": True},
        },
        "PagesTable": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "Properties": {
                "TableName": {"Fn::Sub": "frontdesk-${Stage}-pages"},
                "BillingMode": "PAY_PER_REQUEST",
                "DeletionProtectionEnabled": True,
                "AttributeDefinitions": [{"AttributeName": "page_id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "page_id", "KeyType": "HASH"}],
            },
        },
        "MailQueue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": "frontdesk-${Stage}-mail"}},
        },
    },
}


class Account:
    """The emulated account, and what `build` would make of this folder."""

    def __init__(self, endpoint: str, path: Path) -> None:
        self.template = deepcopy(TEMPLATE)
        self.path = path
        self.client = cache(lambda service: make_client(endpoint, service))

    def run(self, *arguments: str) -> int:
        return main([*arguments, "--settings", str(self.path), "--out", str(self.path.parent)])

    def status(self) -> str | None:
        found = [
            s for s in self.client("cloudformation").describe_stacks()["Stacks"] if s["StackName"] == STACK
        ]
        return found[0]["StackStatus"] if found else None

    def change_sets(self) -> list[Any]:
        listed = self.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
        return [each for each in listed if each["ExecutionStatus"] == "AVAILABLE"]

    def tables(self) -> list[str]:
        names: list[str] = self.client("dynamodb").list_tables()["TableNames"]
        return names

    def keys(self) -> dict[str, str]:
        found = self.client("ssm").get_parameters(
            Names=["/frontdesk/prod/keys", "/frontdesk/prod/private-keys"], WithDecryption=True
        )
        return {p["Name"]: p["Value"] for p in found["Parameters"]}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    services = [*emulator.SERVICES, "s3", "ssm", "kms", "lambda", "apigateway", "monitoring"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(emulator, "SERVICES", services)
        with running_engine(tmp_path_factory.mktemp("engine") / "data") as running:
            yield running


@pytest.fixture
def account(endpoint: str, stage_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with nothing in it."""
    request = urllib.request.Request(f"{endpoint}/_ministack/reset", method="POST")  # noqa: S310
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
    (stage_path.parent / "deployment.zip").write_bytes(b"a zip")
    here = Account(endpoint, stage_path)
    monkeypatch.setattr(deploying, "build", lambda *_: here.template)
    monkeypatch.setattr(Aws, "_make", lambda _, service: here.client(service))
    return here


def test_a_stage_from_nothing_to_nothing(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    # Nothing is there, and looking makes nothing.
    assert account.run("diff", "prod") == 0
    assert "make deploy would make 3 resources" in capsys.readouterr().out
    assert (account.status(), account.client("s3").list_buckets()["Buckets"]) == (None, [])

    assert account.run("deploy", "prod") == 0
    assert account.status() == "UPDATE_COMPLETE"
    keys = account.keys()
    assert set(keys) == {"/frontdesk/prod/keys", "/frontdesk/prod/private-keys"}
    told = capsys.readouterr().out
    assert told.index("PagesTable") < told.index("Made the product's keys") < told.index("MailQueue")

    # Again: nothing to do, and the keys are the same.
    assert account.run("deploy", "prod") == 0
    assert "nothing to change" in capsys.readouterr().out
    assert account.keys() == keys

    # Removed, with the data kept; not taken in unasked; taken in when asked.
    account.client("dynamodb").put_item(TableName=TABLE, Item={"page_id": {"S": "p"}})
    assert account.run("destroy", "prod", "--confirm", STACK) == 0
    assert (account.status(), account.tables()) == (None, [TABLE])
    assert account.run("deploy", "prod") == 1
    assert "The name is taken: frontdesk-prod-pages" in capsys.readouterr().err
    assert account.status() is None
    assert account.run("deploy", "prod", "--adopt", "data") == 0
    assert account.client("dynamodb").scan(TableName=TABLE)["Count"] == 1
    assert account.keys() == keys

    # Told twice, all of it goes; told again, there is nothing left to do.
    for _ in range(2):
        assert account.run("destroy", "prod", "--confirm", STACK, "--destroy-data", STACK) == 0
    assert (account.status(), account.tables(), account.keys()) == (None, [], {})


def test_no_second_word_lets_a_table_be_replaced_or_removed(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account.run("deploy", "prod") == 0
    account.client("dynamodb").put_item(TableName=TABLE, Item={"page_id": {"S": "p"}})
    replaced, removed = deepcopy(TEMPLATE), deepcopy(TEMPLATE)
    properties = replaced["Resources"]["PagesTable"]["Properties"]
    properties["AttributeDefinitions"] = [{"AttributeName": "page", "AttributeType": "S"}]
    properties["KeySchema"] = [{"AttributeName": "page", "KeyType": "HASH"}]
    del removed["Resources"]["PagesTable"]
    for template, word in ((replaced, "replace"), (removed, "remove")):
        account.template = template
        for arguments in (["deploy"], ["deploy", "--adopt", "data"], ["diff"]):
            capsys.readouterr()
            assert account.run(arguments[0], "prod", *arguments[1:]) == 1
            assert f"Refused: it would {word}" in capsys.readouterr().err
            assert account.change_sets() == []
    assert account.client("dynamodb").scan(TableName=TABLE)["Count"] == 1


def test_a_deployment_that_fails_leaves_what_was_there(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = deepcopy(TEMPLATE)
    # The emulator does not do it: as good a failure as any.
    broken["Resources"]["Bad"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{}]}}
    account.template = broken
    assert account.run("deploy", "prod") == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Bad (AWS::CloudWatch::Alarm): " in told
    # The first step stands, without anything that works; mended, the same command goes on.
    assert account.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert account.client("sqs").list_queues().get("QueueUrls", []) == []
    account.template = deepcopy(TEMPLATE)
    assert account.run("deploy", "prod") == 0
    assert account.status() == "UPDATE_COMPLETE"


def test_a_first_step_that_fails_leaves_nothing(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """No table either, though the template retains it: the next try would find its name taken."""
    broken = deepcopy(TEMPLATE)
    broken["Resources"]["Alias"] = {
        "Type": "AWS::KMS::Alias",
        "DependsOn": ["PagesTable"],
        "Properties": {"AliasName": "no-name-for-an-alias", "TargetKeyId": {"Ref": "DataKey"}},
    }
    account.template = broken
    assert account.run("deploy", "prod") == 1
    assert "Alias (AWS::KMS::Alias): " in capsys.readouterr().err
    assert (account.status(), account.tables(), account.keys()) == (None, [], {})


def test_the_bucket_is_nobody_elses(account: Account) -> None:
    assert account.run("deploy", "prod") == 0
    s3 = account.client("s3")
    [bucket] = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert bucket == "frontdesk-artifacts-000000000000-us-east-1"
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(access.values()) == {True}
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    [denied] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")


def test_no_key_is_printed_or_in_a_template(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert account.run("deploy", "prod") == 0
    said = capsys.readouterr()
    s3 = account.client("s3")
    [bucket] = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    uploaded = [
        s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode()
        for each in s3.list_objects_v2(Bucket=bucket)["Contents"]
    ]
    keys, private_keys = (json.loads(document) for document in account.keys().values())
    secrets = [keys["hmac"][0]["secret"], private_keys["sealing"][0]["private_key"]]
    assert all(secret not in text for secret in secrets for text in [said.out, said.err, *uploaded])


def test_half_a_pair_of_keys_that_nobody_used_is_made_anew(account: Account) -> None:
    account.client("ssm").put_parameter(Name="/frontdesk/prod/keys", Value="{}", Type="SecureString")
    assert account.run("deploy", "prod") == 0
    keys, private_keys = (account.keys()[f"/frontdesk/prod/{name}"] for name in ("keys", "private-keys"))
    check_pair(read_keys(keys), read_private_keys(private_keys))


@pytest.mark.parametrize("lost", [["keys"], ["private-keys"], ["keys", "private-keys"]])
def test_keys_that_are_gone_stop_before_anything_is_made_where_a_table_is_full(
    account: Account, lost: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert account.run("deploy", "prod") == 0
    account.client("dynamodb").put_item(TableName=TABLE, Item={"page_id": {"S": "p"}})
    for name in lost:
        account.client("ssm").delete_parameter(Name=f"/frontdesk/prod/{name}")
    kept = account.keys()
    # Under the stack, and under the next, which would take the table in.
    for command in (
        ["deploy"],
        ["preflight"],
        ["destroy", "--confirm", STACK],
        ["deploy", "--adopt", "data"],
    ):
        capsys.readouterr()
        code = account.run(command[0], "prod", *command[1:])
        said = capsys.readouterr()
        if command[0] == "destroy":
            assert code == 0
            continue
        assert code == 1
        assert f"Gone from SSM: /frontdesk/prod/{lost[0]}" in said.out + said.err
        assert account.keys() == kept
    assert (account.status(), account.tables()) == (None, [TABLE])


def test_a_table_keeps_its_deletion_protection(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert account.run("deploy", "prod") == 0
    account.template["Resources"]["PagesTable"]["Properties"]["DeletionProtectionEnabled"] = False
    for command in ("diff", "deploy"):
        assert account.run(command, "prod") == 1
        told = capsys.readouterr().err
        assert told.startswith("Refused: it would take deletion protection from PagesTable (AWS::Dyn")
    assert account.change_sets() == []
    table = account.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert table["DeletionProtectionEnabled"]


def test_a_bucket_that_is_gone_is_told_and_made_again(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account.run("deploy", "prod") == 0
    s3 = account.client("s3")
    [bucket] = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    for each in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=bucket)
    capsys.readouterr()
    assert account.run("diff", "prod") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"The bucket {bucket}, from which CloudFormation takes template and code, is not ")
    assert told.endswith(f"though {STACK} is: make deploy STAGE=prod makes it again\n")
    assert account.run("deploy", "prod") == 0
    assert account.run("diff", "prod") == 0


def test_what_a_removal_keeps_is_told_and_the_akismet_key_goes_with_the_data(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account.run("deploy", "prod") == 0
    # By hand: the emulator's CloudFormation leaves API Gateway's account as it is.
    role = account.client("iam").create_role(
        RoleName="prod-GatewayRole",
        AssumeRolePolicyDocument="{}",
        Tags=[{"Key": "application", "Value": "frontdesk"}],
    )["Role"]["Arn"]
    account.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    akismet, others = "/frontdesk/prod/akismet-key", "/frontdesk/staging/akismet-key"
    for name in (akismet, others):
        account.client("ssm").put_parameter(Name=name, Value="k", Type="SecureString")
    assert account.run("destroy", "prod", "--confirm", STACK) == 0
    told = capsys.readouterr().out
    keys = "/frontdesk/prod/akismet-key, /frontdesk/prod/keys, /frontdesk/prod/private-keys"
    assert f"Kept, with the KMS key: {TABLE}, {keys}\n" in told
    assert "Kept: the role prod-GatewayRole" in told
    assert "aws apigateway update-account --region us-east-1 --patch-operations" in told
    assert "Kept: the bucket frontdesk-artifacts-000000000000-us-east-1, which holds code" in told
    assert account.run("destroy", "prod", "--confirm", STACK, "--destroy-data", STACK) == 0
    told = capsys.readouterr().out
    assert f"Deleted {akismet}\n" in told
    left = account.client("ssm").describe_parameters()["Parameters"]
    assert [parameter["Name"] for parameter in left] == [others]


def test_a_kms_key_that_is_not_ours_is_never_deleted(account: Account) -> None:
    """A person put the parameters back, under the key at hand."""
    assert account.run("deploy", "prod") == 0
    kms, ssm = account.client("kms"), account.client("ssm")
    theirs = kms.create_key(Description="Payroll")["KeyMetadata"]["KeyId"]
    for name, value in account.keys().items():
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", KeyId=theirs, Overwrite=True)
    [ours] = [
        r["PhysicalResourceId"]
        for r in account.client("cloudformation").list_stack_resources(StackName=STACK)[
            "StackResourceSummaries"
        ]
        if r["LogicalResourceId"] == "DataKey"
    ]
    assert account.run("destroy", "prod", "--confirm", STACK, "--destroy-data", STACK) == 0
    states = {key: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in (ours, theirs)}
    assert states == {ours: "PendingDeletion", theirs: "Enabled"}
    assert account.keys() == {}


@pytest.mark.parametrize(
    "told",
    [
        [],
        ["--confirm", "frontdesk"],
        ["--destroy-data", STACK],
        ["--confirm", STACK, "--destroy-data", "yes"],
        ["--destroy-data", STACK, "--confirm", "yes"],
    ],
)
def test_nothing_is_removed_unless_told_in_full(
    account: Account, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert account.run("deploy", "prod") == 0
    assert account.run("destroy", "prod", *told) == 1
    assert (account.status(), account.tables()) == ("UPDATE_COMPLETE", [TABLE])
