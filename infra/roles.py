"""Each function's role and log group, from its policy file."""

from pathlib import Path
from typing import Any

import yaml

from infra.functions import Function

POLICIES = Path(__file__).parent / "policies"
_LOG_RETENTION_DAYS = 30
_LAMBDA_ASSUMES = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def read_policy(function: str) -> dict[str, Any]:
    """The policy of a function by its name, as CloudFormation has it: see infra.intrinsics.resolve."""
    document: dict[str, Any] = yaml.safe_load((POLICIES / f"{function}.yaml").read_text())
    return document


def role_and_logs(function: Function) -> dict[str, Any]:
    return {function.role: _role(function), function.log_group: _log_group(function)}


def _role(function: Function) -> dict[str, Any]:
    # Inline, no managed policy: what the role may do is what the file says, and nothing else.
    policy = {"PolicyName": function.name, "PolicyDocument": read_policy(function.name)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": _LAMBDA_ASSUMES, "Policies": [policy]},
    }


def _log_group(function: Function) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/{function.deployed_name['Fn::Sub']}"},
            "RetentionInDays": _LOG_RETENTION_DAYS,
            "KmsKeyId": {"Fn::GetAtt": ["DataKey", "Arn"]},
        },
    }
