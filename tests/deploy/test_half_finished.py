"""What an earlier deployment left half-way: each command says in a line what to do, and does nothing."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.deploy.__main__ import main
from infra.deploy.aws import Aws
from infra.deploy.stacks import find_stack, refuse_foreign

from .fakes import FakeCloudFormation, client_error, event
from .test_checks import READY, VERIFIED, Account, Ses

HELD = {
    "LogicalResourceId": "PagesTable",
    "PhysicalResourceId": "frontdesk-prod-pages",
    "ResourceType": "AWS::DynamoDB::Table",
    "ResourceStatus": "CREATE_COMPLETE",
}
STUCK = {
    "UPDATE_IN_PROGRESS": "is being changed by somebody else (UPDATE_IN_PROGRESS): wait until that has ended",
    "CREATE_IN_PROGRESS": "is being changed by somebody else (CREATE_IN_PROGRESS): wait until that has ended",
    "DELETE_IN_PROGRESS": "is being changed by somebody else (DELETE_IN_PROGRESS): wait until that has ended",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "(UPDATE_COMPLETE_CLEANUP_IN_PROGRESS): wait until that has ended",
    "UPDATE_ROLLBACK_FAILED": "because Mail: The role is gone: mend that, then run aws cloudformation cont",
    "IMPORT_ROLLBACK_FAILED": "because Mail: The role is gone: mend that. CloudFormation has no command that "
    "goes on from there: make destroy removes the stack and keeps tables and keys, then make deploy with",
    "UPDATE_FAILED": "rollback-stack --region us-east-1 --stack-name frontdesk-prod, then this again",
    "ROLLBACK_COMPLETE": "is in ROLLBACK_COMPLETE and still holds frontdesk-prod-pages: look",
    "ROLLBACK_FAILED": "is in ROLLBACK_FAILED and still holds frontdesk-prod-pages: look",
    "CREATE_FAILED": "is in CREATE_FAILED and still holds frontdesk-prod-pages: look",
    "DELETE_FAILED": "is in DELETE_FAILED and still holds frontdesk-prod-pages: look",
}
MENDED_BY_DEPLOYING = ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"]


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> FakeCloudFormation:
    """Of an account in which nothing else is in the way."""
    account = Account("UPDATE_COMPLETE")
    no_tables = SimpleNamespace(ResourceNotFoundException=KeyError)
    others = {
        "sts": SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012", "Arn": "arn:me"}),
        "sesv2": Ses(READY, example_org=VERIFIED),
        "s3": SimpleNamespace(head_bucket=_bucket),
        "dynamodb": SimpleNamespace(exceptions=no_tables, scan=_no_table, describe_table=_no_table),
    }
    monkeypatch.setattr(Aws, "_make", lambda _, service: others.get(service) or account.client(service))
    account.cloudformation._events = [event("Mail", "UPDATE_FAILED", "The role is gone.")]
    return account.cloudformation


def _bucket(Bucket: str, ExpectedBucketOwner: str) -> None:
    if Bucket == "gone":
        raise client_error("404")


def _no_table(**_: object) -> None:
    raise KeyError


@pytest.mark.parametrize("command", ["deploy", "diff", "preflight"])
@pytest.mark.parametrize("status", STUCK)
def test_what_a_person_has_to_mend_is_told(
    command: str,
    status: str,
    cloudformation: FakeCloudFormation,
    stage_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloudformation.status = status
    cloudformation.resources = [HELD]
    assert main([command, "prod", "--settings", str(stage_path), "--out", str(stage_path.parent)]) == 1
    said = capsys.readouterr()
    if command == "preflight":
        [line] = [line for line in said.out.splitlines() if line.startswith("blocks")]
        assert said.out.endswith(" to be done first\n")
    else:
        line = said.err
        assert line.count("\n") == 1
    assert STUCK[status] in line
    assert cloudformation.called == []
    assert [file.name for file in stage_path.parent.iterdir()] == ["prod.toml"]


@pytest.mark.parametrize("status", MENDED_BY_DEPLOYING)
def test_what_deploying_mends_blocks_nothing(
    status: str,
    cloudformation: FakeCloudFormation,
    stage_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloudformation.status = status
    assert main(["preflight", "prod", "--settings", str(stage_path)]) == 0
    assert f"good    frontdesk-prod: {status}, to be deleted and made anew" in capsys.readouterr().out
    assert cloudformation.called == []


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_what_is_being_changed_is_not_removed(
    status: str,
    cloudformation: FakeCloudFormation,
    stage_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloudformation.status = status
    removal = ["--confirm", "frontdesk-prod", "--destroy-data", "frontdesk-prod"]
    assert main(["destroy", "prod", "--settings", str(stage_path), *removal]) == 1
    assert f"is being changed ({status}): wait" in capsys.readouterr().err
    assert cloudformation.called == []


@pytest.mark.parametrize("command", ["deploy", "diff", "preflight", "destroy"])
@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_only_has_our_name_is_left_alone(
    command: str,
    status: str,
    cloudformation: FakeCloudFormation,
    stage_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloudformation.status, cloudformation.is_ours = status, False
    cloudformation.resources = [{**HELD, "ResourceType": "AWS::SQS::Queue", "LogicalResourceId": "Q"}]
    more = ["--confirm", "frontdesk-prod"] if command == "destroy" else []
    assert main([command, "prod", "--settings", str(stage_path), *more]) == 1
    said = capsys.readouterr()
    assert "The name is taken: the stack frontdesk-prod is there and is not ours" in said.out + said.err
    assert cloudformation.called == []


@pytest.mark.parametrize("is_tagged", [True, False])
def test_a_stack_of_ours_is_known_by_its_tag_or_by_the_key_that_it_held(
    is_tagged: bool, cloudformation: FakeCloudFormation
) -> None:
    """An import sets no tag; of a removal that failed, the key may be gone already."""
    cloudformation.is_ours = is_tagged
    key = {**HELD, "LogicalResourceId": "DataKey", "ResourceStatus": "DELETE_SKIPPED"}
    cloudformation.resources = [HELD] if is_tagged else [HELD, key]
    stack = find_stack(cloudformation, "frontdesk-prod")
    assert stack is not None
    refuse_foreign(cloudformation, stack)


def test_a_table_of_another_stack_is_not_removed_nor_anything_else(
    cloudformation: FakeCloudFormation, stage_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation.of_others = ("frontdesk-prod-comments",)
    removal = ["--confirm", "frontdesk-prod", "--destroy-data", "frontdesk-prod"]
    assert main(["destroy", "prod", "--settings", str(stage_path), *removal]) == 1
    assert "The name frontdesk-prod-comments is taken by the stack theirs" in capsys.readouterr().err
    assert cloudformation.called == []


@pytest.mark.parametrize("command", ["deploy", "diff", "preflight"])
def test_a_bucket_that_was_given_and_is_not_there_is_told_before_anything(
    command: str, cloudformation: FakeCloudFormation, stage_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation.status = None
    stage_path.write_text(f'artifacts_bucket = "gone"\n{stage_path.read_text()}')
    assert main([command, "prod", "--settings", str(stage_path), "--out", str(stage_path.parent)]) == 1
    said = capsys.readouterr()
    assert "The bucket gone is not there: make it, or take artifacts_bucket out" in said.out + said.err
    assert cloudformation.called == []
    assert [file.name for file in stage_path.parent.iterdir()] == ["prod.toml"]


def test_a_removal_that_fails_says_why_and_that_it_is_run_again(
    cloudformation: FakeCloudFormation, stage_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation.outcome = [("DELETE_FAILED", [event("MailRole", "DELETE_FAILED", "It has a policy.")])]
    assert main(["destroy", "prod", "--settings", str(stage_path), "--confirm", "frontdesk-prod"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "MailRole (AWS::X::Y): It has a policy. Mend that, then run make destroy again" in told
