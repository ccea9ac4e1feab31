"""Where a site has Akismet asked, the mail role may read its key besides. Reasons it may add in any case."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from infra.iam import allows, grants
from infra.intrinsics import resolve
from infra.roles import read_policy
from tests.acts import add_comment
from tests.akismets import DECLARED, FakeAkismet, fake_akismet
from tests.stack import FakeSes, Stack, template

from .recording import Need, recorded
from .test_policies import ACCOUNT, _context, arn_of

KEY = "/frontdesk/local/akismet-key"


@pytest.fixture
def fake() -> Iterator[FakeAkismet]:
    with fake_akismet() as fake:
        yield fake


@pytest.fixture
def needs(stack: Stack, fake: FakeAkismet) -> list[Need]:
    """What the mail function calls besides, from its start to a reason that was added."""
    ssm: Any = botocore.session.get_session().create_client("ssm")
    ssm.put_parameter(Name=KEY, Value="abc123", Type="SecureString", Overwrite=True)
    stack.keys = {**stack.keys, "AKISMET_KEY_PARAMETER": KEY}
    stack.settings["AKISMET_PROCESSOR"] = DECLARED
    fake.body = b"true"
    add_comment(stack)
    stack.relay()
    with recorded(besides=(stack.dynamodb, stack.sqs)) as recorder:
        stack.run_mail(FakeSes())
    assert [question["api_key"] for question in fake.asked] == ["abc123"]
    comments = f"table/{stack.table('CommentsTable')}"
    assert ("dynamodb:UpdateItem", comments) in {(n.action, n.resource) for n in recorder.needs}
    return [n for n in recorder.needs if n.resource == f"parameter{KEY}"]


def policy(comments: str, processor: str) -> dict[str, Any]:
    names = {f"{name}.Arn": "x" for name in (*template()["Resources"], "DataKey", "MailLogGroup")}
    settings = {"Stage": "local", "MailSender": "desk@example.org", "MailConfigurationSet": "desk"}
    aws = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": ACCOUNT}
    known = {**names, **settings, **aws, "CommentsTable.Arn": comments, "HasAkismetProcessor": processor}
    resolved: dict[str, Any] = resolve(read_policy("mail"), known)
    return resolved


def test_asking_is_granted_with_the_setting_and_refused_without(stack: Stack, needs: list[Need]) -> None:
    assert {need.action for need in needs} == {"ssm:GetParameter"}
    comments = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{stack.table('CommentsTable')}"
    for need in needs:
        assert allows(policy(comments, "1"), need.action, arn_of(need), _context(need)), need
        assert not allows(policy(comments, ""), need.action, arn_of(need), _context(need)), need


def test_every_grant_of_the_setting_is_used(stack: Stack, needs: list[Need]) -> None:
    comments = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{stack.table('CommentsTable')}"
    more = set(grants(policy(comments, "1"))) - set(grants(policy(comments, "")))
    used = {g for g in more if any(g.covers(need.action, arn_of(need)) for need in needs)}
    assert {g.sid for g in more - used} <= {"SsmOpensKeys"}
    assert {g.sid for g in used} == {"ReadKeys"}


def test_the_condition_is_one_of_the_stack() -> None:
    from infra.parameters import conditions  # noqa: PLC0415

    assert "HasAkismetProcessor" in conditions()
