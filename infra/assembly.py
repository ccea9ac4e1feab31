"""The stack's template, from its parts. Pure: dicts in, dicts out.

Chalice declares the API and one function for each handler. `additions` is merged over that by
`chalice package --merge-template`; `divide_routes` then gives the staff's routes to their own function,
which a merge cannot do without repeating every route.
"""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chalicelib.api.routes import STAFF_PATHS
from infra.functions import FUNCTIONS, Function
from infra.gateway_answers import gateway_answers
from infra.parameters import conditions, environment, parameters
from infra.roles import role_and_logs

Template = dict[str, Any]

_INFRA = Path(__file__).parent
_INTEGRATION = "x-amazon-apigateway-integration"
# Merged in this order. Only template.yaml is for `make run` too.
_PARTS = ("template.yaml", "cloud.yaml", "gateway.yaml", "alarms.yaml", "staff_pool.yaml", "options.yaml")


@dataclass(frozen=True)
class Option:
    """A parameter that one of the files defines: of the stack, and no setting of the product."""

    parameter: str
    is_yes_or_no: bool
    description: str


def additions(runtime: str, architecture: str) -> Template:
    """What is merged over Chalice's template."""
    merged: Template = {"Parameters": parameters(), "Conditions": conditions(), "Resources": {}}
    for function in FUNCTIONS:
        merged["Resources"] |= role_and_logs(function)
        merged["Resources"][function.logical_id] = _configure(function)
    merged["Resources"]["Staff"]["Type"] = "AWS::Serverless::Function"
    merged["Resources"]["Staff"]["Properties"] |= {
        "Runtime": runtime,
        "Architectures": [architecture],
        # The same zip, under another role.
        "CodeUri": "./deployment.zip",
    }
    answers = {"x-amazon-apigateway-gateway-responses": gateway_answers()}
    # Said outright: left out, SAM deploys a second stage, named "Stage", beside ours.
    merged["Resources"]["RestAPI"] = {"Properties": {"OpenApiVersion": "2.0", "DefinitionBody": answers}}
    for part in _parts():
        merged = merge(merged, part)
    return merged


@cache
def options() -> dict[str, Option]:
    """The stack's own options as a person writes them: AlarmEmail is alarm_email."""
    defined = {name: p for part in _parts() for name, p in part.get("Parameters", {}).items()}
    del defined["Stage"]
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): Option(
            name, "true" in parameter.get("AllowedValues", ()), parameter["Description"]
        )
        for name, parameter in defined.items()
    }


@cache
def _parts() -> tuple[Template, ...]:
    return tuple(yaml.safe_load((_INFRA / file).read_text()) for file in _PARTS)


def divide_routes(template: Template) -> Template:
    """The staff's routes call the staff function; the others stay with the public one."""
    divided = deepcopy(template)
    for path, methods in divided["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"].items():
        if path in STAFF_PATHS:
            for method in methods.values():
                method[_INTEGRATION]["uri"] = _staff_uri(method[_INTEGRATION]["uri"])
    return divided


def merge(below: Any, above: Any) -> Any:
    """`above` over `below`, dict by dict, as `chalice package --merge-template` does it."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return deepcopy(above)
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def _configure(function: Function) -> dict[str, Any]:
    return {
        "Properties": {
            "FunctionName": function.deployed_name,
            "Handler": function.handler,
            "Role": {"Fn::GetAtt": [function.role, "Arn"]},
            "Timeout": function.seconds,
            "MemorySize": function.megabytes,
            "ReservedConcurrentExecutions": {
                "Fn::If": ["HasReservedConcurrency", function.reserved, {"Ref": "AWS::NoValue"}]
            },
            # Functions alone: the gateway's traces would carry paths, and a link's path is its credential.
            "Tracing": {"Fn::If": ["HasTraces", "Active", "PassThrough"]},
            "Environment": {"Variables": environment(function)},
        },
    }


def _staff_uri(uri: dict[str, str]) -> dict[str, str]:
    # Whatever Chalice may come to write there: what is not recognised must not stay with the public role.
    if "${APIHandler.Arn}" not in uri["Fn::Sub"]:
        raise ValueError(f"not an integration as Chalice 1.34 writes it: {uri}")
    return {"Fn::Sub": uri["Fn::Sub"].replace("${APIHandler.Arn}", "${Staff.Arn}")}
