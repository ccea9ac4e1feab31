"""Code and policy held together: what each function calls, in the story of everything that it can do, is
granted by its policy; and whatever its policy grants, the story uses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import outbox
from chalicelib.api.access import authorize
from chalicelib.api.requests import FORM
from chalicelib.mail.handlers import note_event
from chalicelib.staff_tokens import add_token
from chalicelib.unsubscribing import make_unsubscribe_token
from chalicelib.wiring import Desk
from infra.functions import FUNCTIONS
from infra.iam import allows, grants
from infra.intrinsics import resolve
from infra.roles import read_policy
from infra.sdk_data import read_calls
from tests.acts import decision_link
from tests.faults import refused
from tests.mail.test_urgent import urgent_enquiry
from tests.stack import FakeSes, Stack, template

from .recording import Need, recorded

ACCOUNT = "123456789012"
COMMENT = {"page": "/blog/hope", "name": "Jo", "email": "jo@example.com", "message": "Hello", "notify": True}
ENQUIRY = {"name": "Al", "email": "al@example.com", "message": "Help", "topic": "family"}
SETTINGS = {
    "MAIL_CONFIGURATION_SET": "desk",
    "MAIL_RATE": "",
    "MAIL_FALLBACK": "second@example.org",
    "URGENT_REMINDER_MINUTES": "1",
}
# Granted for what AWS does in the function's name, not for a call of its code.
BY_THE_PLATFORM = ("Lambda", "DynamoDbOpensTables", "SsmOpensKeys")


@dataclass
class Story:
    """Everything that each function can do, once; `needs` by function."""

    stack: Stack
    needs: dict[str, list[Need]]
    operations: set[tuple[str, str]] = field(default_factory=set)

    def as_function(self, function: str, act: Callable[[Desk], Any]) -> Any:
        """Start the function as Lambda does, with a desk of its own, and let it act."""
        with recorded(besides=(self.stack.dynamodb, self.stack.sqs)) as recorder:
            desk = self.stack.fresh_desk(function)
            result = act(desk)
        self.needs.setdefault(function, []).extend(recorder.needs)
        self.operations |= recorder.operations
        return result


@pytest.fixture(scope="module")
def story(aws: None, keys: dict[str, str]) -> Iterator[Story]:
    stack = Stack("policies", ssm_settings(keys), settings=SETTINGS)
    session: Any = botocore.session.get_session()
    ses = session.create_client("sesv2")
    ses.create_email_identity(EmailIdentity="desk@example.org")
    ses.create_configuration_set(ConfigurationSetName="desk")
    story = Story(stack, {})
    tell(story)
    yield story
    stack.delete()


def ssm_settings(keys: dict[str, str]) -> dict[str, str]:
    """The keys where a deployed stack has them."""
    session: Any = botocore.session.get_session()
    ssm = session.create_client("ssm")
    settings = {}
    for name, parameter in (("KEYS", "keys"), ("PRIVATE_KEYS", "private-keys")):
        path = f"/frontdesk/local/{parameter}"
        document = Path(keys[f"{name}_FILE"]).read_text()
        ssm.put_parameter(Name=path, Value=document, Type="SecureString", Overwrite=True)
        settings[f"{name}_PARAMETER"] = path
    return settings


def tell(story: Story) -> None:
    stack = story.stack
    # Signs the links of mails; its own calls are none of the story's.
    with recorded(besides=()):
        stack.desk("mail")
    first = story.as_function("public", lambda desk: visit(stack, desk))
    story.as_function("staff", lambda desk: look_by_link(stack, desk, first))
    story.as_function("staff", lambda desk: work(stack, desk, first))
    story.as_function("public", lambda desk: visit_again(stack, desk, first))
    secret = add_token("moderator", "Kim", "test", stack.now, stack.desk("staff").store)[1]
    arn = "arn:aws:execute-api:us-east-1:1:api/prod/GET/v1/staff/comments"
    story.as_function("authorizer", lambda desk: authorize(f"Bearer {secret}", arn, desk))
    story.as_function("relay", stack.relay)
    story.as_function("mail", lambda desk: stack.run_mail(desk=desk))
    story.as_function("relay", stack.relay)
    urgent = urgent_enquiry(stack)
    story.as_function("mail", lambda desk: mail_in_bad_times(stack, desk, urgent))
    timeout = ReadTimeoutError(endpoint_url="https://ses")
    stack.run_mail(FakeSes(timeout))
    stack.later(minutes=20)
    story.as_function("housekeeping", stack.keep_house)
    story.as_function("mail", lambda desk: stack.run_mail(desk=desk))
    story.as_function("public", lambda desk: use_forms_twice(stack, desk))
    stack.relay()
    story.as_function("mail", lambda desk: stack.run_mail(desk=desk))
    story.as_function("delivery_events", lambda desk: report_all(stack, desk))
    story.as_function("staff", lambda desk: see_mail(stack, desk))
    story.as_function("staff", lambda desk: hand_over_and_erase(stack, desk))


def visit(stack: Stack, desk: Desk) -> str:
    assert stack.call("POST", "/v1/enquiries", ENQUIRY, desk=desk).status == 202
    assert stack.call("POST", "/v1/enquiries", ENQUIRY, desk=desk).status == 202
    held = stack.call("POST", "/v1/comments", COMMENT, desk=desk, Idempotency_Key="k")
    assert stack.call("POST", "/v1/comments", COMMENT, desk=desk, Idempotency_Key="k").json == held.json
    assert stack.call("GET", "/v1/form", desk=desk, query={"kind": "comment"}).status == 200
    return str(held.json["id"])


def use_forms_twice(stack: Stack, desk: Desk) -> None:
    for kind, path, body in (("comment", "/v1/comments", COMMENT), ("enquiry", "/v1/enquiries", ENQUIRY)):
        opened = stack.call("GET", "/v1/form", desk=desk, query={"kind": kind}).json
        for name in ("One", "Other"):
            sent = body | {"name": name, "form_token": opened["form_token"], "email": "kim@example.com"}
            assert stack.call("POST", path, sent, desk=desk).status == 202


def visit_again(stack: Stack, desk: Desk, parent: str) -> None:
    reply = {**COMMENT, "message": "Me too", "parent_id": parent}
    assert stack.call("POST", "/v1/comments", reply, desk=desk).status == 202
    thread = stack.call("GET", "/v1/comments", desk=desk, query={"page": "/blog/hope"})
    assert thread.json["count"] == 1
    assert stack.call("GET", "/v1/comments.atom", desk=desk, query={"page": "/blog/hope"}).status == 200
    assert stack.call("POST", "/v1/comments/counts", {"pages": ["/blog/hope"]}, desk=desk).status == 200
    link = f"/unsubscribe/{make_unsubscribe_token('1.ab', desk.hasher)}"
    for method in ("GET", "POST"):
        assert stack.call(method, link, desk=desk).status == 200


def look_by_link(stack: Stack, desk: Desk, comment_id: str) -> None:
    """The link comes too late for the second press; nothing is decided that `work` will."""
    path = decision_link(stack, comment_id)
    assert stack.call("GET", path, desk=desk).status == 200
    late = decision_link(stack, comment_id, revision=7)
    assert stack.call("POST", late, "status=spam", desk=desk, content_type=FORM).status == 409


def work(stack: Stack, desk: Desk, comment_id: str) -> None:
    path = f"/v1/staff/comments/{comment_id}"
    for query in ({}, {"page": "/blog/hope"}):
        assert stack.call("GET", "/v1/staff/comments", role="moderator", desk=desk, query=query).status == 200
    assert stack.call("GET", path, role="moderator", desk=desk).status == 200
    change = {"status": "approved"}
    assert stack.call("PATCH", path, change, role="moderator", desk=desk, If_Match='"1"').status == 200
    moderate(stack, desk, comment_id)
    for query in ({}, {"topic": "family"}):
        listed = stack.call("GET", "/v1/staff/enquiries", role="admissions", desk=desk, query=query)
    reference = listed.json["enquiries"][0]["reference"]
    assert stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions", desk=desk).status == 200
    change = {"status": "in_progress", "note": "Called."}
    path = f"/v1/staff/enquiries/{reference}"
    assert stack.call("PATCH", path, change, role="admissions", desk=desk, If_Match="*").status == 200
    for query in ({}, {"subject": reference}, {"actor": "token:admissions"}):
        assert stack.call("GET", "/v1/staff/audit", role="admin", desk=desk, query=query).status == 200
    assert stack.call("GET", "/v1/staff/stats", role="admin", desk=desk).status == 200
    made = stack.call("POST", "/v1/staff/tokens", {"role": "admin"}, role="admin", desk=desk)
    assert stack.call("GET", "/v1/staff/tokens", role="admin", desk=desk).status == 200
    gone = stack.call("DELETE", f"/v1/staff/tokens/{made.json['id']}", role="admin", desk=desk)
    assert gone.status == 204


def mail_in_bad_times(stack: Stack, desk: Desk, urgent: str) -> None:
    """SES is throttling, and something urgent waits."""
    throttled = replace(desk, ses=FakeSes(*[refused("TooManyRequestsException")] * 20))
    stack.run_mail(desk=throttled)
    reminder = outbox.reminder(urgent, 1, stack.now, timedelta())
    store = stack.desk("mail").store
    with recorded(besides=()):
        store.database.transact([store.outbox.put_order(reminder)])
    stack.relay()
    stack.run_mail(desk=desk)


def see_mail(stack: Stack, desk: Desk) -> None:
    listed = stack.call("GET", "/v1/staff/deliveries", role="moderator", desk=desk)
    [failed, *_] = [d for d in listed.json["deliveries"] if d["state"] == "failed"]
    path = f"/v1/staff/deliveries/{failed['id']}/resend"
    assert stack.call("POST", path, role="moderator", desk=desk).status == 202
    assert stack.call("GET", "/v1/staff/dead-letters", role="admin", desk=desk).status == 200


def hand_over_and_erase(stack: Stack, desk: Desk) -> None:
    """By now the enquirer has been mailed, which bounced, and is remembered as acknowledged."""
    body = {"email": ENQUIRY["email"]}
    found = stack.call("POST", "/v1/staff/people/export", body, role="admin", desk=desk).json
    assert [len(found[name]) > 0 for name in ("enquiries", "deliveries", "suppressions", "guard")] == [
        True
    ] * 4
    erased = stack.call("POST", "/v1/staff/people/erase", body, role="admin", desk=desk).json
    assert erased["complete"]
    erased = stack.call(
        "POST", "/v1/staff/people/erase", {"email": COMMENT["email"]}, role="admin", desk=desk
    )
    assert erased.json["erased"]["comments"] == 2


def moderate(stack: Stack, desk: Desk, comment_id: str) -> None:
    path = f"/v1/staff/comments/{comment_id}/enquiry"
    assert stack.call("POST", path, role="moderator", desk=desk).status == 201
    path = f"/v1/staff/comments/{comment_id}/reply"
    for _ in range(2):
        answer = stack.call("POST", path, {"message": "Welcome"}, role="moderator", desk=desk)
        assert answer.status == 201
    bulk = [{"id": answer.json["id"], "revision": 1, "status": "rejected"}]
    path = "/v1/staff/comments/bulk"
    results = stack.call("POST", path, {"decisions": bulk}, role="moderator", desk=desk).json["results"]
    assert [result["status"] for result in results] == [200]
    path = f"/v1/staff/comments/{answer.json['id']}"
    assert stack.call("DELETE", path, role="moderator", desk=desk).status == 204
    page = {"page": "/blog/hope"}
    for closed in (True, False):
        body = {"closed": closed}
        reply = stack.call("PATCH", "/v1/staff/pages", body, role="moderator", desk=desk, query=page)
        assert (reply.status, reply.json["closed"]) == (200, closed)
    assert stack.call("GET", "/v1/staff/pages", role="moderator", desk=desk, query=page).status == 200


def report_all(stack: Stack, desk: Desk) -> None:
    for item in stack.items("OutboxTable"):
        mail = {"tags": {"delivery": [item["outbox_id"]["S"]]}}
        for report in ("Delivery", "Bounce"):
            note_event({"detail": {"eventType": report, "mail": mail}}, desk)


@pytest.fixture
def known(story: Story) -> dict[str, str]:
    """What the policies' intrinsic functions stand for."""
    stack = story.stack
    arn = f"arn:aws:{{service}}:us-east-1:{ACCOUNT}:{{resource}}"
    names = {
        "AWS::Partition": "aws",
        "AWS::Region": "us-east-1",
        "AWS::AccountId": ACCOUNT,
        "Stage": "local",
        "MailSender": "desk@example.org",
        "MailConfigurationSet": "desk",
        "DataKey.Arn": arn.format(service="kms", resource="key/k"),
        "MailQueue.Arn": arn.format(service="sqs", resource=stack.name),
        "MailDeadLetterQueue.Arn": arn.format(service="sqs", resource=f"{stack.name}-dead"),
        "RelayDeadLetterQueue.Arn": arn.format(service="sqs", resource=f"{stack.name}-relay-dead"),
    }
    for logical_id, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            table = arn.format(service="dynamodb", resource=f"table/{stack.table(logical_id)}")
            names |= {f"{logical_id}.Arn": table, f"{logical_id}.StreamArn": f"{table}/stream/1"}
    logs = {
        f"{f.log_group}.Arn": arn.format(service="logs", resource=f"log-group:{f.name}") for f in FUNCTIONS
    }
    return names | logs


def arn_of(need: Need) -> str:
    service = need.action.partition(":")[0]
    resource = need.resource.removeprefix("queue/")
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}"


@pytest.mark.parametrize("function", [f.name for f in FUNCTIONS])
def test_every_call_is_granted(story: Story, known: dict[str, str], function: str) -> None:
    policy = resolve(read_policy(function), known)
    assert story.needs[function]
    refused = {
        f"{need.action} on {need.resource}"
        for need in story.needs[function]
        if not allows(policy, need.action, arn_of(need), _context(need))
    }
    assert not refused


@pytest.mark.parametrize("function", [f.name for f in FUNCTIONS])
def test_every_grant_is_used(story: Story, known: dict[str, str], function: str) -> None:
    policy = resolve(read_policy(function), known)
    unused = {
        f"{grant.sid}: {grant.action} on {grant.resource}"
        for grant in grants(policy)
        if not grant.sid.startswith(BY_THE_PLATFORM)
        and not any(grant.covers(need.action, arn_of(need)) for need in story.needs[function])
    }
    assert not unused


def test_the_story_calls_every_route(story: Story) -> None:
    """Else a route's calls could go unseen: the two tests above are as good as the story."""
    from chalicelib.api.routes import ROUTES  # noqa: PLC0415
    from chalicelib.api.site import FILES  # noqa: PLC0415

    silent = {"/healthz", "/openapi.json", *FILES}
    routes = {(route.method, route.path) for route in ROUTES if route.path not in silent}
    assert routes == story.stack.called


def test_the_zips_sdk_data_is_of_what_is_called(story: Story) -> None:
    """It is cut to these operations: another one could not be called from the zip."""
    listed = {(service, name) for service, names in read_calls().items() for name in names}
    assert listed == story.operations


def _context(need: Need) -> dict[str, str | list[str]]:
    return {key: value if isinstance(value, str) else list(value) for key, value in need.context}


# The emulator does not evaluate dynamodb:Attributes, so these are not among the probes of the public role.
@pytest.mark.parametrize(
    ("action", "attributes"),
    [
        ("dynamodb:ConditionCheckItem", ["comment_id", "author_hmac"]),
        ("dynamodb:ConditionCheckItem", ["comment_id", "letter_sealed"]),
        ("dynamodb:PutItem", ["comment_id", "approved_page"]),
        ("dynamodb:PutItem", ["comment_id", "public_json"]),
        ("dynamodb:PutItem", ["comment_id", "approved_count"]),
    ],
)
def test_public_role_can_neither_guess_authors_nor_publish(
    known: dict[str, str], action: str, attributes: list[str]
) -> None:
    policy = resolve(read_policy("public"), known)
    assert not allows(policy, action, known["CommentsTable.Arn"], {"dynamodb:Attributes": attributes})
    assert allows(policy, action, known["CommentsTable.Arn"], {"dynamodb:Attributes": ["comment_id"]})


def test_public_role_cannot_address_mail(known: dict[str, str]) -> None:
    policy = resolve(read_policy("public"), known)
    for attribute in ("recipient_sealed", "attempts", "message_id", "resent"):
        context: dict[str, str | list[str]] = {"dynamodb:Attributes": ["outbox_id", attribute]}
        assert not allows(policy, "dynamodb:PutItem", known["OutboxTable.Arn"], context)
