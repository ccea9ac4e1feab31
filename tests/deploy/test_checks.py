"""What a person has to do first is found, each with what to do."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.privacy.keys import make_documents
from infra.deploy.checks import Finding, check_before_deploying
from infra.deploy.mail_checks import check_mail
from infra.deploy.stage_file import read_stage
from infra.functions import FUNCTIONS

from .fakes import FakeCloudFormation, client_error
from .test_stage_file import content_of

READY: dict[str, Any] = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0},
}
VERIFIED: dict[str, Any] = {
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": ["t1", "t2", "t3"]},
    "MailFromAttributes": {"MailFromDomain": "bounce.example.org", "MailFromDomainStatus": "SUCCESS"},
}


class Ses:
    def __init__(self, account: dict[str, Any], **identities: dict[str, Any]) -> None:
        self._account = account
        self._identities = {name.replace("_", "."): found for name, found in identities.items()}

    def get_account(self) -> dict[str, Any]:
        return self._account

    def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
        if EmailIdentity not in self._identities:
            raise client_error("NotFoundException")
        return self._identities[EmailIdentity]


def mail(account: dict[str, Any] | None = None, **identity: Any) -> list[Finding]:
    ses = Ses({**READY, **(account or {})}, example_org={**VERIFIED, **identity})
    return list(check_mail("desk@example.org", "us-east-1", ses))


def test_nothing_blocks_where_ses_is_ready() -> None:
    assert {finding.kind for finding in mail()} == {"good"}


@pytest.mark.parametrize(
    ("found", "kind", "told"),
    [
        (mail({"ProductionAccessEnabled": False}), "blocks", "in the sandbox"),
        (mail({"SendingEnabled": False}), "blocks", "has paused this account"),
        (mail({"EnforcementStatus": "PROBATION"}), "note", "reviews this account"),
        (mail({"SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0}}), "note", "sends 200 mails a day"),
        (
            mail(VerifiedForSendingStatus=False),
            "blocks",
            "CNAME t1._domainkey.example.org t1.dkim.amazonses.com; CNAME t2",
        ),
        (mail(DkimAttributes={"Status": "PENDING", "Tokens": ["t1"]}), "blocks", "not signed with DKIM"),
        (mail(MailFromAttributes={}), "note", "--mail-from-domain bounce.example.org"),
        (
            mail(MailFromAttributes={"MailFromDomain": "b.example.org", "MailFromDomainStatus": "PENDING"}),
            "blocks",
            "MX b.example.org 10 feedback-smtp.us-east-1.amazonses.com",
        ),
    ],
)
def test_what_ses_needs_from_a_person_is_told_with_what_to_do(
    found: list[Finding], kind: str, told: str
) -> None:
    [finding] = [f for f in found if f.kind != "good"]
    assert finding.kind == kind
    assert told in finding.text


def test_an_unknown_sender_is_told_with_the_command() -> None:
    [*_, finding] = check_mail("desk@example.org", "eu-west-1", Ses(READY))
    assert finding.kind == "blocks"
    assert "aws sesv2 create-email-identity --region eu-west-1 --email-identity example.org" in finding.text


class Account:
    """An account as the checks before a deployment ask it."""

    def __init__(
        self, stack: str | None = None, unreserved: int = 1000, role: str = "", **parts: Any
    ) -> None:
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
        self.cloudformation = FakeCloudFormation(stack)
        self.cloudformation.resources = [function_resource(name) for name in parts.get("functions", ())]
        self._clients = {
            "cloudformation": self.cloudformation,
            "lambda": SimpleNamespace(get_account_settings=lambda: {"AccountLimit": limit}),
            "apigateway": SimpleNamespace(get_account=lambda: {"cloudwatchRoleArn": role} if role else {}),
            "iam": SimpleNamespace(get_role=lambda **_: _role(parts.get("tags", {}))),
            "ssm": SimpleNamespace(
                get_parameters=parts.get(
                    "get_parameters", lambda **_: {"Parameters": parts.get("parameters", [])}
                ),
                meta=SimpleNamespace(region_name="us-east-1"),
            ),
            "dynamodb": Tables(parts.get("items", [])),
            "acm": SimpleNamespace(describe_certificate=lambda **_: {"Certificate": parts["certificate"]}),
        }

    def client(self, service: str) -> Any:
        return self._clients[service]


class Tables:
    """Those of the stage; `items` are what each holds."""

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self._items = items

    def scan(self, TableName: str, Limit: int, ConsistentRead: bool) -> dict[str, Any]:
        assert ConsistentRead
        return {"Items": self._items[:Limit] if TableName == "frontdesk-prod-comments" else []}


def function_resource(logical_id: str) -> dict[str, str]:
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": "AWS::Lambda::Function",
        "PhysicalResourceId": f"frontdesk-prod-{logical_id.lower()}",
        "ResourceStatus": "CREATE_COMPLETE",
    }


def _role(tags: dict[str, str] | None) -> dict[str, Any]:
    if tags is None:
        raise client_error("NoSuchEntity")
    return {"Role": {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}}


def blocking(account: Account, **changed: Any) -> list[str]:
    stage = read_stage("prod", STAGE_PATH, content_of(**changed))
    return [f.text for f in check_before_deploying(stage, account) if f.kind == "blocks"]


STAGE_PATH: Any = "prod.toml"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/a-b"
ROLE = "arn:aws:iam::123456789012:role/theirs"


def test_a_new_account_can_be_deployed_to() -> None:
    assert blocking(Account()) == []


def test_a_small_quota_blocks_unless_nothing_is_reserved() -> None:
    small = Account(unreserved=150)
    [told] = blocking(small)
    assert "ask for 203 or more" in told
    assert "reserved_concurrency = false" in told
    assert blocking(small, reserved_concurrency=False) == []
    # What the functions of a stack have reserved is not free, and need not be.
    whole = Account("UPDATE_COMPLETE", unreserved=150, functions=ALL_FUNCTIONS, parameters=pair())
    assert blocking(whole) == []


def test_a_small_quota_blocks_a_stack_whose_functions_are_still_to_be_made() -> None:
    """A first deployment that ended between its two steps; one that reserved nothing so far."""
    keys = [{"Name": f"/frontdesk/prod/{name}", "Version": 1} for name in ("keys", "private-keys")]
    assert "ask for 203 or more" in blocking(Account("CREATE_COMPLETE", unreserved=150))[0]
    some = Account("UPDATE_COMPLETE", unreserved=149, functions=ALL_FUNCTIONS[1:], parameters=keys)
    assert "ask for 203 or more" in blocking(some)[0]
    unreserved = Account("UPDATE_COMPLETE", unreserved=150, functions=ALL_FUNCTIONS, parameters=keys)
    unreserved.cloudformation.parameters = {"ReservedConcurrency": "false"}
    assert "ask for 203 or more" in blocking(unreserved)[0]


def test_another_gateway_role_is_left_alone() -> None:
    [told] = blocking(Account(role=ROLE))
    assert "set gateway_log_role = false" in told
    assert blocking(Account(role=ROLE), gateway_log_role=False) == []
    [told] = blocking(Account(), gateway_log_role=False)
    assert "take gateway_log_role = false out" in told


def test_a_gateway_role_of_ours_or_that_is_gone_is_no_obstacle() -> None:
    """A removed stack leaves its role; one that failed leaves API Gateway naming a role that is gone."""
    assert blocking(Account(role=ROLE, tags={"application": "frontdesk"})) == []
    assert blocking(Account(role=ROLE, tags=None)) == []
    [told] = blocking(Account(role=ROLE, tags=None), gateway_log_role=False)
    assert "take gateway_log_role = false out" in told


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        ({"Status": "ISSUED", "DomainName": "comments.example.org"}, None),
        ({"Status": "ISSUED", "DomainName": "x.example", "SubjectAlternativeNames": ["*.example.org"]}, None),
        (
            {"Status": "PENDING_VALIDATION", "DomainName": "comments.example.org"},
            "PENDING_VALIDATION: add the DNS",
        ),
        ({"Status": "ISSUED", "DomainName": "example.org"}, "is for example.org, not comments.example.org"),
    ],
)
def test_the_certificate_is_issued_and_for_the_host(certificate: dict[str, Any], told: str | None) -> None:
    found = blocking(Account(certificate=certificate), certificate_arn=CERTIFICATE)
    assert [told in text for text in found if told] == ([True] if told else [])
    assert bool(found) is bool(told)


def pair(keys_of: int = 0, private_keys_of: int = 0) -> list[dict[str, Any]]:
    """Both parameters, the two halves each of one of two pairs."""
    documents = (PAIRS[keys_of][0], PAIRS[private_keys_of][1])
    names = ("/frontdesk/prod/keys", "/frontdesk/prod/private-keys")
    return [{"Name": n, "Version": 1, "Value": d} for n, d in zip(names, documents, strict=True)]


def found_of_keys(**parts: Any) -> Finding:
    account = Account("UPDATE_COMPLETE", **{"functions": ALL_FUNCTIONS, **parts})
    [*_, finding] = check_before_deploying(read_stage("prod", STAGE_PATH, content_of()), account)
    return finding


def test_stored_keys_that_are_not_of_one_another_block() -> None:
    """No function would start with them; a rotation that was interrupted by hand can leave such."""
    assert found_of_keys(parameters=pair()) == Finding(
        "good", "the product's keys are there, and of one another"
    )
    mixed = pair(keys_of=0, private_keys_of=1)
    told = found_of_keys(parameters=mixed)
    assert told.kind == "blocks"
    assert told.text.startswith(
        "/frontdesk/prod/keys and /frontdesk/prod/private-keys are not of one another"
    )
    # Before anything was sealed, the deployment makes them anew.
    assert found_of_keys(parameters=mixed, functions=[]).kind == "good"


def test_keys_that_may_not_be_read_are_a_note() -> None:
    def get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any]:
        if WithDecryption:
            raise client_error("AccessDeniedException")
        return {"Parameters": pair()}

    told = found_of_keys(get_parameters=get_parameters)
    assert told.kind == "note"
    assert "these credentials may not read them" in told.text

    def fail(Names: list[str], WithDecryption: bool) -> dict[str, Any]:
        if WithDecryption:
            raise client_error("ThrottlingException")
        return {"Parameters": pair()}

    with pytest.raises(ClientError, match="ThrottlingException"):
        found_of_keys(get_parameters=fail)


PAIRS = [make_documents(), make_documents()]
ALL_FUNCTIONS = [function.logical_id for function in FUNCTIONS]


@pytest.mark.parametrize("there", [[], ["keys"], ["private-keys"]])
@pytest.mark.parametrize(
    "used", [{"stack": "UPDATE_COMPLETE", "functions": ALL_FUNCTIONS}, {"items": [{"id": {"S": "c"}}]}]
)
def test_keys_that_are_gone_block_where_they_may_have_been_used(
    there: list[str], used: dict[str, Any]
) -> None:
    """By functions, or for what make destroy left in the tables."""
    found = [{"Name": f"/frontdesk/prod/{name}", "Version": 1} for name in there]
    [told] = blocking(Account(parameters=found, **used))
    assert told.startswith("Gone from SSM: /frontdesk/prod/")
    assert "Put back the copy that you keep" in told


def test_akismet_without_its_key_is_told_with_the_command_and_blocks_nothing() -> None:
    sentence = "Automattic Inc. looks for spam among comments for us"
    stage = read_stage("prod", STAGE_PATH, content_of(AKISMET_PROCESSOR=sentence))
    key = {"Name": "/frontdesk/prod/akismet-key", "Version": 1}
    [told] = [f for f in check_before_deploying(stage, Account()) if "Akismet" in f.text]
    assert told.kind == "note"
    assert "--name /frontdesk/prod/akismet-key --type SecureString --key-id alias/frontdesk-prod" in told.text
    found = check_before_deploying(stage, Account(parameters=[key]))
    assert [f.kind for f in found if "Akismet" in f.text] == ["good"]
    without = check_before_deploying(read_stage("prod", STAGE_PATH, content_of()), Account())
    assert [f for f in without if "Akismet" in f.text] == []


@pytest.mark.parametrize("there", [[], ["keys"], ["private-keys"]])
def test_keys_that_are_gone_are_made_anew_where_nobody_used_them(there: list[str]) -> None:
    found = [{"Name": f"/frontdesk/prod/{name}", "Version": 1} for name in there]
    assert blocking(Account(parameters=found)) == []
    assert blocking(Account("CREATE_COMPLETE", parameters=found)) == []
