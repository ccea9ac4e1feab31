"""What the hand-written policies can and cannot do, whatever the code happens to call."""

from typing import Any

import pytest

from infra.functions import FUNCTIONS
from infra.iam import allows, grants
from infra.intrinsics import resolve
from infra.roles import POLICIES, read_policy
from tests.infra.conftest import arn

NAMES = [function.name for function in FUNCTIONS]

# For these IAM takes no resource.
WITHOUT_RESOURCE = {("relay", "dynamodb:ListStreams"), ("mail", "ses:GetAccount")}
READS = (
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
    "PartiQLSelect",
    "GetRecords",
    "GetShardIterator",
    "DescribeStream",
    "ExportTableToPointInTime",
    "CreateBackup",
    "RestoreTableToPointInTime",
    "StartAwsBackupJob",
)
PRIVATE = ("comments", "enquiries", "outbox", "staff", "audit", "guard", "model")
PRIVATE_INDEXES = (
    "comments/index/by-status",
    "comments/index/by-page",
    "comments/index/by-author",
    "enquiries/index/by-status",
    "enquiries/index/by-topic",
    "enquiries/index/by-enquirer",
    "outbox/index/by-state",
    "audit/index/by-actor",
    "audit/index/by-month",
    "outbox/stream/2026",
)
CHANGES_AUDIT = (
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "PartiQLInsert",
    "PartiQLUpdate",
    "PartiQLDelete",
)


@pytest.fixture(params=NAMES)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def policy(function: str, known: dict[str, str]) -> dict[str, Any]:
    return policy_of(function, known)


def policy_of(function: str, known: dict[str, str]) -> dict[str, Any]:
    resolved: dict[str, Any] = resolve(read_policy(function), known)
    return resolved


def table(path: str) -> str:
    return arn("dynamodb", f"table/frontdesk-prod-{path}")


def test_every_function_has_one_policy_file() -> None:
    assert sorted(file.stem for file in POLICIES.iterdir()) == sorted(NAMES)


def test_no_action_and_no_resource_is_a_wildcard(function: str, policy: dict[str, Any]) -> None:
    assert not [grant for grant in grants(policy) if "*" in grant.action or "?" in grant.action]
    unbounded = {(function, grant.action) for grant in grants(policy) if grant.resource == "*"}
    assert unbounded <= WITHOUT_RESOURCE


def test_wildcards_in_resources_are_streams_of_its_own_logs_alone(policy: dict[str, Any]) -> None:
    with_wildcard = {g.resource for g in grants(policy) if "*" in g.resource and g.resource != "*"}
    assert all(resource.endswith(":*") and ":logs:" in resource for resource in with_wildcard)


def test_traces_are_written_where_they_are_asked_for_and_in_no_other_way(
    function: str, policy: dict[str, Any], known: dict[str, str]
) -> None:
    granted = {(g.action, g.resource) for g in grants(policy_of(function, known | {"HasTraces": "yes"}))}
    writes = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    assert granted - {(g.action, g.resource) for g in grants(policy)} == writes


def test_every_statement_has_a_name_of_its_own(policy: dict[str, Any]) -> None:
    names = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize("path", [*PRIVATE, *PRIVATE_INDEXES])
def test_public_reads_nothing_private(known: dict[str, str], action: str, path: str) -> None:
    assert not allows(policy_of("public", known), f"dynamodb:{action}", table(path))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:Query", table("comments")),
        ("dynamodb:GetItem", table("pages")),
        ("dynamodb:Scan", table("pages")),
        ("dynamodb:Scan", table("comments/index/approved-by-page")),
        ("dynamodb:UpdateItem", table("comments")),
        ("dynamodb:UpdateItem", table("pages")),
        ("dynamodb:PutItem", table("pages")),
        ("dynamodb:PutItem", table("staff")),
        ("dynamodb:PutItem", table("audit")),
        ("dynamodb:PutItem", table("model")),
        ("dynamodb:DeleteItem", table("comments")),
        ("dynamodb:BatchWriteItem", table("comments")),
        ("dynamodb:PartiQLSelect", table("comments/index/approved-by-page")),
        ("dynamodb:DescribeTable", table("comments")),
        ("ssm:GetParameter", arn("ssm", "parameter/frontdesk/prod/private-keys")),
        ("ssm:GetParameters", arn("ssm", "parameter/frontdesk/prod/keys")),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/frontdesk/prod")),
        ("ssm:PutParameter", arn("ssm", "parameter/frontdesk/prod/keys")),
        ("ses:SendEmail", arn("ses", "identity/desk@example.org")),
        ("ses:SendRawEmail", arn("ses", "identity/example.org")),
        ("sqs:SendMessage", arn("sqs", "frontdesk-prod-mail")),
        ("sqs:ReceiveMessage", arn("sqs", "frontdesk-prod-mail")),
        ("lambda:InvokeFunction", arn("lambda", "function:frontdesk-prod-staff")),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:role/staff"),
        ("logs:CreateLogGroup", arn("logs", "log-group:/aws/lambda/other:*")),
    ],
)
def test_public_can_do_nothing_else(known: dict[str, str], action: str, resource: str) -> None:
    context = {"ses:FromAddress": "desk@example.org"}
    assert not allows(policy_of("public", known), action, resource, context)


@pytest.mark.parametrize("returned", ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
@pytest.mark.parametrize(
    ("action", "path"),
    [("PutItem", "comments"), ("PutItem", "enquiries"), ("PutItem", "outbox"), ("UpdateItem", "guard")],
)
def test_what_public_writes_shows_it_nothing(
    known: dict[str, str], action: str, path: str, returned: str
) -> None:
    public = policy_of("public", known)
    assert allows(public, f"dynamodb:{action}", table(path), {"dynamodb:ReturnValues": "NONE"})
    assert not allows(public, f"dynamodb:{action}", table(path), {"dynamodb:ReturnValues": returned})


@pytest.mark.parametrize("attribute", ["approved_page", "public_json", "approved_count"])
def test_public_cannot_publish(known: dict[str, str], attribute: str) -> None:
    context: dict[str, str | list[str]] = {"dynamodb:Attributes": ["comment_id", attribute]}
    assert not allows(policy_of("public", known), "dynamodb:PutItem", table("comments"), context)


@pytest.mark.parametrize(
    ("action", "path", "attributes"),
    [
        ("UpdateItem", "comments", ["comment_id", "status"]),
        ("UpdateItem", "comments", ["comment_id", "letter_sealed"]),
        ("UpdateItem", "comments", ["comment_id", "decided_by", "approved_page"]),
        ("UpdateItem", "pages", ["page_id", "anything"]),
        ("ConditionCheckItem", "comments", ["comment_id", "author_hmac"]),
        ("ConditionCheckItem", "comments", ["comment_id", "trust_key"]),
        ("UpdateItem", "audit", ["subject"]),
        ("Query", "audit", []),
        ("GetItem", "comments", []),
    ],
)
def test_public_that_publishes_trusted_authors_can_do_no_more_than_that(
    known: dict[str, str], action: str, path: str, attributes: list[str]
) -> None:
    trusting = policy_of("public", known | {"HasTrustAfter": "3"})
    context: dict[str, str | list[str]] = {"dynamodb:Attributes": attributes, "dynamodb:ReturnValues": "NONE"}
    assert not allows(trusting, f"dynamodb:{action}", table(path), context)


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize("path", [*PRIVATE, *PRIVATE_INDEXES])
def test_public_reads_nothing_private_where_it_publishes_either(
    known: dict[str, str], action: str, path: str
) -> None:
    assert not allows(policy_of("public", known | {"HasTrustAfter": "3"}), f"dynamodb:{action}", table(path))


def test_the_condition_by_which_public_may_publish_is_one_of_the_stack(template: dict[str, Any]) -> None:
    """By a name that the stack does not know, nothing would deploy."""
    assert "HasTrustAfter" in template["Conditions"]


def test_the_conditions_match_the_attributes_that_publish(
    resources: dict[str, Any], known: dict[str, str]
) -> None:
    """The denial names what the index of approved comments is made of: a renamed attribute is seen here."""
    [index] = [
        index
        for index in resources["CommentsTable"]["Properties"]["GlobalSecondaryIndexes"]
        if index["IndexName"] == "approved-by-page"
    ]
    published = {index["KeySchema"][0]["AttributeName"], *index["Projection"]["NonKeyAttributes"]}
    [never] = [s for s in policy_of("public", known)["Statement"] if s["Sid"] == "NeverPublish"]
    assert set(never["Condition"]["ForAnyValue:StringEquals"]["dynamodb:Attributes"]) == published


@pytest.mark.parametrize("action", CHANGES_AUDIT)
def test_nobody_changes_the_audit_table(policy: dict[str, Any], action: str) -> None:
    anything_more = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    attached_later = {**policy, "Statement": [*policy["Statement"], anything_more]}
    assert allows(attached_later, "dynamodb:PutItem", table("audit"))
    assert not allows(attached_later, f"dynamodb:{action}", table("audit"))


def test_only_staff_and_mail_read_the_private_keys(function: str, policy: dict[str, Any]) -> None:
    private = arn("ssm", "parameter/frontdesk/prod/private-keys")
    opens = {"kms:ViaService": "ssm.us-east-1.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN": private}
    for_it = function in ("staff", "mail")
    assert allows(policy, "ssm:GetParameter", private) is for_it
    assert allows(policy, "kms:Decrypt", arn("kms", "key/data"), opens) is for_it


def test_the_key_is_used_through_its_services_alone(policy: dict[str, Any]) -> None:
    key = arn("kms", "key/data")
    assert allows(policy, "kms:Decrypt", key, {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"})
    assert not allows(policy, "kms:Decrypt", key)
    assert not allows(policy, "kms:Decrypt", key, {"kms:ViaService": "s3.us-east-1.amazonaws.com"})


def test_mail_is_sent_in_no_other_name(known: dict[str, str]) -> None:
    mail = policy_of("mail", known)
    identity = arn("ses", "identity/example.org")
    assert allows(mail, "ses:SendRawEmail", identity, {"ses:FromAddress": "desk@example.org"})
    assert not allows(mail, "ses:SendRawEmail", identity, {"ses:FromAddress": "director@example.org"})
    assert not allows(mail, "ses:SendRawEmail", identity)
