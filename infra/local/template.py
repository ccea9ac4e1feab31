"""What the stack's template says: the resources to create here, and how the functions are fed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.local.aws import ACCOUNT, REGION

Template = dict[str, Any]
Pattern = dict[str, list[Any]]

STORAGE_TYPES = frozenset({"AWS::DynamoDB::Table", "AWS::SQS::Queue"})
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class StreamMapping:
    function: str
    table: str
    batch_size: int
    patterns: tuple[Pattern, ...]

    def wants(self, record: dict[str, Any]) -> bool:
        """Patterns compare top-level keys, which is all that the template's filters use."""
        return not self.patterns or any(
            all(record.get(key) in values for key, values in pattern.items()) for pattern in self.patterns
        )


@dataclass(frozen=True)
class QueueMapping:
    function: str
    queue: str
    batch_size: int


@dataclass(frozen=True)
class Schedule:
    function: str
    seconds: int


@dataclass(frozen=True)
class Feeds:
    """Everything that calls a function, HTTP apart."""

    streams: tuple[StreamMapping, ...]
    queues: tuple[QueueMapping, ...]
    schedules: tuple[Schedule, ...]


def read_template(path: Path) -> Template:
    template: Template = yaml.safe_load(path.read_text())
    return template


def cut_to_storage(template: Template) -> Template:
    """The tables and queues alone: the functions run in this process, not in the emulator."""
    resources = {name: r for name, r in template["Resources"].items() if r["Type"] in STORAGE_TYPES}
    return {"Parameters": template.get("Parameters", {}), "Resources": resources}


def arns_of(template: Template, physical: Mapping[str, str]) -> dict[str, str]:
    """The tables' and queues' ARNs by logical id. A queue's physical name is its URL."""
    arns = {}
    for logical_id, name in physical.items():
        service = "dynamodb" if template["Resources"][logical_id]["Type"] == "AWS::DynamoDB::Table" else "sqs"
        resource = f"table/{name}" if service == "dynamodb" else name.rpartition("/")[2]
        arns[logical_id] = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
    return arns


def read_feeds(template: Template) -> Feeds:
    mappings = _properties(template, "AWS::Lambda::EventSourceMapping")
    return Feeds(
        streams=tuple(_stream_mapping(m) for m in mappings if _source(m)[1] == "StreamArn"),
        queues=tuple(_queue_mapping(m) for m in mappings if _source(m)[1] == "Arn"),
        schedules=tuple(
            Schedule(_function(target["Arn"]["Fn::GetAtt"][0]), _rate_in_seconds(rule["ScheduleExpression"]))
            for rule in _properties(template, "AWS::Events::Rule")
            for target in rule["Targets"]
        ),
    )


def _properties(template: Template, resource_type: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in template["Resources"].values() if r["Type"] == resource_type]


def _source(mapping: dict[str, Any]) -> tuple[str, str]:
    resource, attribute = mapping["EventSourceArn"]["Fn::GetAtt"]
    return resource, attribute


def _function(logical_id: str) -> str:
    return logical_id.lower()


def _stream_mapping(mapping: dict[str, Any]) -> StreamMapping:
    filters = mapping.get("FilterCriteria", {}).get("Filters", [])
    return StreamMapping(
        function=_function(mapping["FunctionName"]["Ref"]),
        table=_source(mapping)[0],
        batch_size=mapping["BatchSize"],
        patterns=tuple(json.loads(f["Pattern"]) for f in filters),
    )


def _queue_mapping(mapping: dict[str, Any]) -> QueueMapping:
    return QueueMapping(_function(mapping["FunctionName"]["Ref"]), _source(mapping)[0], mapping["BatchSize"])


def _rate_in_seconds(expression: str) -> int:
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if match is None:
        raise ValueError(f"not a rate that can be kept here: {expression}")
    return int(match[1]) * _SECONDS[match[2]]
