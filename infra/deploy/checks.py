"""What stands in the way, told before anything is made: each with what a person has to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.deploy import key_parameters
from infra.deploy.artifacts import Bucket
from infra.deploy.aws import code_of, is_denied
from infra.deploy.errors import CannotDeployError
from infra.deploy.served import has_served
from infra.deploy.stacks import Stack, find_stack, list_functions, refuse_stuck
from infra.deploy.stage_file import StageFile
from infra.deploy.taken import find_orphans, refuse_orphans
from infra.deploy.templates import declared
from infra.functions import FUNCTIONS

# Lambda keeps so many of the account's for functions without concurrency of their own:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html.
_LEFT_UNRESERVED = 100

Kind = Literal["good", "note", "blocks"]


@dataclass(frozen=True)
class Finding:
    """`blocks`: it has to be done first. `note`: only a person can know."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind:7} {self.text}"


def good(text: str) -> Finding:
    return Finding("good", text)


def note(text: str) -> Finding:
    return Finding("note", text)


def blocks(text: str) -> Finding:
    return Finding("blocks", text)


def check_before_deploying(stage: StageFile, aws: Any) -> Iterator[Finding]:
    """Without these a deployment fails half-way."""
    stack = find_stack(aws.client("cloudformation"), stage.stack)
    yield _check_state(stage, aws.client("cloudformation"), stack)
    yield from _check_concurrency(stage, aws, stack)
    yield from _check_gateway_role(stage, aws)
    if certificate := stage.parameters.get("CertificateArn"):
        yield _check_certificate(certificate, stage.public_url, aws.client("acm"))
    if finding := check_akismet(stage, aws.client("ssm")):
        yield finding
    yield _check_keys(stage, aws)


def check_names(stage: StageFile, aws: Any) -> Finding:
    """Whether a table of ours is there, and somebody else's."""
    stack = find_stack(aws.client("cloudformation"), stage.stack)
    is_there = stack is not None
    try:
        orphans = find_orphans(aws, declared(), stage.stage, stage.stack, is_there=is_there)
        refuse_orphans(orphans, stage.stage, stack_is_there=is_there)
    except CannotDeployError as error:
        return blocks(str(error))
    return good("the tables' names are free, or ours")


def check_bucket(bucket: Bucket) -> Finding:
    """Whether zip and template can be handed to CloudFormation."""
    try:
        bucket.check()
    except CannotDeployError as error:
        return blocks(str(error))
    return good(f"the bucket {bucket.name} is ours, or to be made")


def _check_state(stage: StageFile, cloudformation: Any, stack: Stack | None) -> Finding:
    if stack is None:
        return good(f"{stage.stack}: not there yet, to be made")
    try:
        refuse_stuck(cloudformation, stack)
    except CannotDeployError as error:
        return blocks(str(error))
    return good(f"{stack.name}: {stack.status}" + ("" if stack.is_ready else ", to be deleted and made anew"))


def _check_concurrency(stage: StageFile, aws: Any, stack: Stack | None) -> Iterator[Finding]:
    if stage.parameters.get("ReservedConcurrency") == "false":
        yield note("no concurrency is reserved: a flood on the public side can keep mail and staff waiting")
        return
    limit = aws.client("lambda").get_account_settings()["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"] - _LEFT_UNRESERVED
    # What the stack's own functions have is reserved already. A stack is there before any of them is.
    reserve = stack is not None and stack.parameters.get("ReservedConcurrency") != "false"
    have = list_functions(aws.client("cloudformation"), stage.stack) if reserve else []
    needed = sum(function.reserved for function in FUNCTIONS)
    if free < sum(function.reserved for function in FUNCTIONS if function.logical_id not in have):
        yield blocks(
            f"Lambda lets this account run {limit['ConcurrentExecutions']} at once, and {needed} cannot be "
            f"reserved of that: ask for {needed + _LEFT_UNRESERVED} or more (Service Quotas, Lambda, "
            "Concurrent executions), or set reserved_concurrency = false"
        )
    else:
        yield good(f"Lambda lets this account run {limit['ConcurrentExecutions']} at once")


def _check_gateway_role(stage: StageFile, aws: Any) -> Iterator[Finding]:
    role, tags = find_gateway_role(aws)
    if stage.parameters.get("GatewayLogRole") == "false":
        if tags is None:
            yield blocks(
                "API Gateway has no role in this account to write logs with: take gateway_log_role = false "
                "out of the stage's file, and the stack makes one"
            )
    elif tags is not None and not is_ours(tags):
        yield blocks(
            f"API Gateway writes logs as {role} in this account, and there is one such role for all APIs: "
            "set gateway_log_role = false to leave it as it is"
        )


def find_gateway_role(aws: Any) -> tuple[str, dict[str, str] | None]:
    """The ARN of the role with which API Gateway logs, and its tags: None where there is no such role."""
    role = aws.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    return role, find_role_tags(aws.client("iam"), role.rpartition("/")[2]) if role else None


def is_ours(tags: dict[str, str] | None) -> bool:
    """Whether a stack of this product, of whatever stage, made what has these tags."""
    return tags is not None and tags.get("application") == "frontdesk"


def find_role_tags(iam: Any, name: str) -> dict[str, str] | None:
    """None where the role is gone: API Gateway's account goes on naming it."""
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}


def check_akismet(stage: StageFile, ssm: Any) -> Finding | None:
    """None where it is not declared. Without its key nothing fails: it is not asked."""
    if not stage.parameters.get("AkismetProcessor"):
        return None
    if key_parameters.find_akismet_version(ssm, stage.stage):
        return good("Akismet's key is there")
    name = key_parameters.akismet_key_name(stage.stage)
    return note(
        "AKISMET_PROCESSOR is set and its key is not there, so Akismet is not asked: once the stack is made, "
        f"aws ssm put-parameter --region {stage.region} --name {name} --type SecureString --key-id "
        f"alias/{stage.stack} --value file://akismet-key, then make deploy STAGE={stage.stage} again, for "
        "mail reads it when it starts"
    )


def _check_keys(stage: StageFile, aws: Any) -> Finding:
    """Keys that served are there and of one another: the functions are refused their start otherwise."""
    ssm = aws.client("ssm")
    served = has_served(aws, stage.stage, stage.stack)
    try:
        key_parameters.refuse_lost(ssm, stage.stage, has_served=served)
        key_parameters.refuse_unpaired(ssm, stage.stage, has_served=served)
    except CannotDeployError as error:
        return blocks(str(error))
    except ClientError as error:
        if not is_denied(error):
            raise
        return note(
            "the product's keys are there, but these credentials may not read them: whether they belong "
            "together is not known, and make deploy has to read them"
        )
    return good(
        "the product's keys are there, and of one another"
        if served
        else "the product's keys are there, or to be made"
    )


def _check_certificate(arn: str, public_url: str, acm: Any) -> Finding:
    host = urlsplit(public_url).hostname or ""
    try:
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if "ResourceNotFound" in str(error):
            return blocks(f"The certificate {arn} is not there: ask ACM for one for {host}")
        raise
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if found["Status"] != "ISSUED":
        return blocks(f"The certificate is {found['Status']}: add the DNS record that ACM shows for {host}")
    if not names & {host, f"*.{host.partition('.')[2]}"}:
        return blocks(f"The certificate is for {', '.join(sorted(names))}, not {host}: take one that is")
    return good(f"the certificate is for {host}")
