"""Each function's own role in the emulator, made from its policy file, and credentials to act in it.

With AUTH=true the emulator evaluates IAM: what a function was not granted is refused here as in AWS.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.functions import FUNCTIONS
from infra.intrinsics import resolve
from infra.local.aws import ACCOUNT, REGION
from infra.roles import read_policy

# The longest that STS gives. Environments are renewed before that, see Pool.
SECONDS = 43_200
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def ensure_roles(iam: Any, arns: Mapping[str, str], settings: Mapping[str, str]) -> None:
    """Make each function's role as its file says now. `arns` is by logical id, such as CommentsTable."""
    known = _known(arns, settings)
    present = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    for function in FUNCTIONS:
        name = role_name(function.name)
        if name not in present:
            iam.create_role(
                RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST), MaxSessionDuration=SECONDS
            )
        document = _as_the_emulator_sees_it(resolve(read_policy(function.name), known))
        iam.put_role_policy(RoleName=name, PolicyName=function.name, PolicyDocument=json.dumps(document))


def assume_role(sts: Any, function: str) -> dict[str, str]:
    """The environment variables with which `function` acts in its role, and in no other."""
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role_name(function)}",
        RoleSessionName=function,
        DurationSeconds=SECONDS,
    )
    credentials = answer["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


class Credentials:
    """Each function's credentials, asked for ahead of need: a new environment must not wait for STS."""

    def __init__(self, sts: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._sts = sts
        self._clock = clock
        self._given: dict[str, tuple[float, dict[str, str]]] = {}

    def of(self, function: str) -> dict[str, str]:
        given = self._given.get(function)
        # At half their life: the environment that gets them lives at most as long as the other half.
        if given is None or self._clock() - given[0] > SECONDS / 2:
            given = (self._clock(), assume_role(self._sts, function))
            self._given[function] = given
        return given[1]


def role_name(function: str) -> str:
    return f"frontdesk-local-{function}"


def _as_the_emulator_sees_it(document: dict[str, Any]) -> dict[str, Any]:
    """The policy in ministack 1.5's terms, where they are not IAM's.

    It asks for sqs:SendMessageBatch, which IAM does not know, and evaluates SESv2's SendEmail on `*`
    and without ses:FromAddress. tests/policies holds the policy to IAM's own terms.
    """
    statements = [dict(statement) for statement in document["Statement"]]
    for statement in statements:
        if statement["Sid"] == "SendMail":
            statement["Resource"] = "*"
            del statement["Condition"]
        if statement["Action"] == "sqs:SendMessage":
            statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
    return {**document, "Statement": statements}


def _known(arns: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """What the policies' references stand for here. Of keys and logs there are none in the emulator.

    Nor is there a queue of what the relay gave up: its event source here gives nothing up.
    """
    known = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "Stage": "local",
        "MailSender": settings["MAIL_SENDER"],
        "MailConfigurationSet": settings.get("MAIL_CONFIGURATION_SET", "none"),
        "DataKey.Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/none",
        "RelayDeadLetterQueue.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:none",
        # A condition of the stack.
        "HasTrustAfter": settings.get("TRUST_AFTER", ""),
        **{f"{f.log_group}.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:none" for f in FUNCTIONS},
    }
    for logical_id, arn in arns.items():
        known |= {f"{logical_id}.Arn": arn, f"{logical_id}.StreamArn": f"{arn}/stream/*"}
    return known
