"""CloudFormation's intrinsic functions, as far as this stack's policies use them, evaluated here."""

import re
from collections.abc import Mapping
from typing import Any

_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


def resolve(value: Any, known: Mapping[str, str]) -> Any:
    """Return `value` with every Ref, Fn::GetAtt, Fn::Sub, Fn::Select, Fn::Split and Fn::If replaced.

    `known` has what they stand for: `Stage`, `AWS::Region`, `MailConfigurationSet`, `CommentsTable.Arn`; and,
    not empty, each condition that holds: `HasTrustAfter`. What becomes AWS::NoValue leaves its list.
    Raises KeyError for what it does not have, ValueError for a function that is not among these.
    """
    if isinstance(value, list):
        return [found for item in value if (found := resolve(item, known)) is not _NO_VALUE]
    if not isinstance(value, dict):
        return value
    if _is_intrinsic(value):
        [(function, argument)] = value.items()
        return _call(function, argument, known)
    return {key: resolve(item, known) for key, item in value.items()}


def holds(condition: Any, values: Mapping[str, str]) -> bool:
    """Whether a condition holds where the parameters have these values, made of Fn::Not and Fn::Equals."""
    match condition:
        case {"Fn::Not": [inner]}:
            return not holds(inner, values)
        case {"Fn::Equals": [one, other]}:
            return bool(resolve(one, values) == resolve(other, values))
    raise ValueError(f"not evaluated here: {condition}")


def _is_intrinsic(value: dict[str, Any]) -> bool:
    return len(value) == 1 and all(key == "Ref" or key.startswith("Fn::") for key in value)


def _call(function: str, argument: Any, known: Mapping[str, str]) -> Any:
    match function:
        case "Ref":
            return _NO_VALUE if argument == "AWS::NoValue" else known[argument]
        case "Fn::If":
            condition, holds, otherwise = argument
            return resolve(holds if known.get(condition) else otherwise, known)
        case "Fn::GetAtt":
            return known[".".join(argument)]
        case "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            names = {**known, **resolve(own, known)}
            return _PLACEHOLDER.sub(lambda match: str(names[match[1]]), text)
        case "Fn::Select":
            index, items = argument
            return resolve(items, known)[index]
        case "Fn::Split":
            separator, text = argument
            return resolve(text, known).split(separator)
    raise ValueError(f"{function} is not evaluated here")
