"""The account that is rehearsed in: ministack with IAM enforced, empty at first, on 127.0.0.1."""

import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.aws import ACCOUNT, CREDENTIAL, ISOLATION, REGION, make_client
from infra.local.emulator import start_emulator
from infra.local.folder import locked, open_folder

# What the whole stack is made of, beside what `make run` needs.
_SERVICES = (
    "kms",
    "ssm",
    "s3",
    "lambda",
    "apigateway",
    "logs",
    "monitoring",
    "sns",
    "events",
    "acm",
    "wafv2",
)

_POLICY = "the-emulators-own-words"

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Account:
    """The emulated account, as whoever deploys into it sees it: `client(service)` acts with all rights."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = cache(lambda service: make_client(service, endpoint))

    def environment(self) -> dict[str, str]:
        """In which a command works on this account, and on no other."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return mine | {
            **ISOLATION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": CREDENTIAL,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            "AWS_DEFAULT_REGION": REGION,
            "PYTHONUNBUFFERED": "1",
        }

    def verify_sender(self, domain: str) -> None:
        """What a person does once, by `make preflight`'s word."""
        self.client("sesv2").create_email_identity(EmailIdentity=domain)

    def mails(self) -> list[dict[str, Any]]:
        """What SES took, oldest first: Source, To, Subject, BodyText, BodyHtml."""
        with _opener.open(f"{self.endpoint}/_ministack/ses/messages", timeout=20) as answer:
            found: list[dict[str, Any]] = json.load(answer)["messages"].get(ACCOUNT, [])
        return found

    def tables(self, stack: str) -> list[str]:
        names = self.client("dynamodb").list_tables()["TableNames"]
        return [name for name in names if name.startswith(f"{stack}-")]

    def resources(self, stack: str) -> dict[str, str]:
        """Each resource's physical name by its logical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def status(self, stack: str) -> str | None:
        """None where there is no such stack."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        found = [each["StackStatus"] for each in stacks if each["StackName"] == stack]
        return found[0] if found else None

    def function_logs(self) -> Iterator[str]:
        """The lines of all functions' logs, each group under its name."""
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            yield f"== {group['logGroupName']}"
            events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
            yield from (event["message"] for event in events)

    def speak_its_language(self, stack: str) -> None:
        """Grant what ministack 1.5 asks for in other words than IAM; see infra/local/roles.py.

        Beside the deployed policies, which stay as they are: for SendMessageBatch it asks an action that
        IAM does not know, and SESv2's SendEmail it evaluates on `*` and without ses:FromAddress.
        """
        roles = self.resources(stack)
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stack}-mail"
        self._grant(roles["RelayRole"], "sqs:SendMessageBatch", queue)
        self._grant(roles["HousekeepingRole"], "sqs:SendMessageBatch", queue)
        self._grant(roles["MailRole"], "ses:SendEmail", "*")

    def forget_its_language(self, stack: str) -> None:
        """IAM deletes no role with a policy that is not the stack's."""
        resources = self.resources(stack)
        for name in ("RelayRole", "HousekeepingRole", "MailRole"):
            self.client("iam").delete_role_policy(RoleName=resources[name], PolicyName=_POLICY)

    def _grant(self, role: str, action: str, resource: str) -> None:
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        self.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=_POLICY,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def rule_passes(self, stack: str, rule: str, event: Mapping[str, Any]) -> bool:
        """Whether the deployed rule's pattern matches the event."""
        events = self.client("events")
        name = self.resources(stack)[rule].rpartition("|")[2].rpartition("/")[2]
        pattern = events.describe_rule(Name=name)["EventPattern"]
        return bool(events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the function answers, and under `error` whether it failed."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        return {
            "error": answer.get("FunctionError"),
            "answer": json.loads(answer["Payload"].read() or b"null"),
        }


@contextmanager
def running_account(folder: Path, python: Path) -> Iterator[Account]:
    """An emulator that lives in `folder`, and ends with the block, however that ends."""
    data = open_folder(folder)
    with locked(data) as lock:
        emulator = start_emulator(python, data, lock, _SERVICES)
        try:
            emulator.wait_until_healthy(lambda: None)
            yield Account(emulator.endpoint)
        finally:
            emulator.stop()
