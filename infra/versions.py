"""From functions to a release: each gets a published version and the alias `live`, which alone is called.

Pure: dicts in, dicts out. A version is of one code and one configuration, and stays as it is: who calls the
alias sees a release as a whole or not at all, and a roll-back points the alias back.

CloudFormation publishes a version when it meets a new logical id, and Lambda refuses one of a function that
has not changed. So both depend on the release's id: the logical id has it for a suffix, the function's
description holds it.
"""

import hashlib
import json
from copy import deepcopy
from typing import Any

from infra.functions import FUNCTIONS, Function

Template = dict[str, Any]

ALIAS = "live"
_FIRST_PYTHON_WITH_SNAP_START = (3, 12)
# Where somebody waits for a start; not `staff`, whose memory, and so its snapshot, holds the private keys.
_SNAP_STARTED = frozenset({"public", "authorizer"})


def release_id(template: Template, code: bytes, *besides: object) -> str:
    """A function of everything that makes the functions what they are: code, template, values given."""
    functions = {f.logical_id: template["Resources"][f.logical_id] for f in FUNCTIONS}
    configuration = json.dumps([functions, besides], sort_keys=True, default=str)
    return hashlib.sha256(hashlib.sha256(code).digest() + configuration.encode()).hexdigest()[:12]


def publish(template: Template, release: str) -> Template:
    """The template with the release's versions, and everything that calls a function calling its alias."""
    published = deepcopy(template)
    resources = published["Resources"]
    for function in FUNCTIONS:
        properties = resources[function.logical_id]["Properties"]
        properties["Description"] = f"Frontdesk: {function.name}, release {release}"
        if function.name in _SNAP_STARTED and _snap_starts(properties["Runtime"]):
            properties["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    # SAM deploys the API anew when this text changes: with each release, for the gateway's own answers hold
    # values that are given (the sites), which the text does not.
    resources["RestAPI"]["Properties"]["DefinitionBody"].setdefault("info", {})["version"] = release
    for name, resource in resources.items():
        if resource["Type"] in _CALLERS:
            resources[name] = {**resource, "Properties": _call_aliases(resource["Properties"])}
    for function in FUNCTIONS:
        resources |= _version_and_alias(function, release)
    return published


# What calls functions, in whichever property. Others refer to functions too: alarms, by name.
_CALLERS = frozenset(
    {
        "AWS::Serverless::Api",
        "AWS::Lambda::Permission",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Events::Rule",
    }
)
_FUNCTIONS = {function.logical_id: f"{function.logical_id}Live" for function in FUNCTIONS}


def _call_aliases(value: Any) -> Any:
    """`value` with every reference to a function turned into one to its alias, whose Ref is its ARN."""
    match value:
        case {"Ref": str(name)} if name in _FUNCTIONS:
            return {"Ref": _FUNCTIONS[name]}
        case {"Fn::GetAtt": [str(name), "Arn"]} if name in _FUNCTIONS:
            return {"Ref": _FUNCTIONS[name]}
        case {"Fn::Sub": str(text)}:
            for name, alias in _FUNCTIONS.items():
                text = text.replace(f"${{{name}.Arn}}", f"${{{alias}}}")
            return {"Fn::Sub": text}
        case dict():
            return {key: _call_aliases(item) for key, item in value.items()}
        case list():
            return [_call_aliases(item) for item in value]
    return value


def _version_and_alias(function: Function, release: str) -> Template:
    version = f"{function.logical_id}Version{release}"
    return {
        version: {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": function.logical_id}, "Description": f"release {release}"},
        },
        f"{function.logical_id}Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": ALIAS,
                "FunctionName": {"Ref": function.logical_id},
                "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
            },
        },
    }


def _snap_starts(runtime: str) -> bool:
    major, minor = runtime.removeprefix("python").split(".")
    return (int(major), int(minor)) >= _FIRST_PYTHON_WITH_SNAP_START
