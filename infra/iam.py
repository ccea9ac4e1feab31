"""What a policy document allows, by IAM's own rules: nothing by default, and a Deny over every Allow.

Pure, and only as much of IAM as the product's policies use; anything else raises ValueError rather than
be passed over. See
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# A condition key with its value in the request, or its values where it has several.
Context = Mapping[str, str | list[str]]

_KNOWN_KEYS = frozenset({"Sid", "Effect", "Action", "Resource", "Condition", "Principal"})


@dataclass(frozen=True)
class Grant:
    """One action on one resource that a statement allows, wildcards and all."""

    sid: str
    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        return _matches(self.action.lower(), action.lower()) and _matches(self.resource, resource)


def allows(document: dict[str, Any], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether `document`, with its intrinsic functions resolved, allows `action` on the ARN `resource`."""
    effects = {
        statement["Effect"]
        for statement in _statements(document)
        if _applies(statement, action, resource, context or {})
    }
    return effects == {"Allow"}


def grants(document: dict[str, Any]) -> list[Grant]:
    """Everything that `document` allows, one by one, conditions and denials left aside."""
    return [
        Grant(statement.get("Sid", ""), action, resource)
        for statement in _statements(document)
        if statement["Effect"] == "Allow"
        for action in _as_list(statement["Action"])
        for resource in _as_list(statement["Resource"])
    ]


def _statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for statement in document["Statement"]:
        unknown = statement.keys() - _KNOWN_KEYS
        if unknown:
            raise ValueError(f"not evaluated here: {', '.join(sorted(unknown))}")
        yield statement


def _applies(statement: dict[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _as_list(statement["Action"]))
        and any(_matches(pattern, resource) for pattern in _as_list(statement["Resource"]))
        and all(
            _holds(operator, key, _as_list(wanted), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    given = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator not in _OPERATORS:
        raise ValueError(f"not evaluated here: {operator}")
    return _OPERATORS[operator](wanted, given)


def _equals(wanted: list[str], given: str | list[str] | None) -> bool:
    return given is not None and given in wanted


def _equals_if_exists(wanted: list[str], given: str | list[str] | None) -> bool:
    return given is None or given in wanted


def _any_equals(wanted: list[str], given: str | list[str] | None) -> bool:
    return given is not None and not set(_as_list(given)).isdisjoint(wanted)


def _all_equal(wanted: list[str], given: str | list[str] | None) -> bool:
    # True also of a request that does not have the key: that is IAM's rule for ForAllValues.
    return given is None or set(_as_list(given)).issubset(wanted)


_OPERATORS: dict[str, Callable[[list[str], str | list[str] | None], bool]] = {
    "StringEquals": _equals,
    "StringEqualsIfExists": _equals_if_exists,
    "ForAnyValue:StringEquals": _any_equals,
    "ForAllValues:StringEquals": _all_equal,
}


def _as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` any characters, `?` one; nothing else is special."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None
