"""API Gateway's part in authorizing: asks the authorizer function, and reads the policy it gives."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.refusals import Refusal, unauthenticated, unavailable

Authorizer = Callable[[dict[str, Any]], Any]

_INVOKE = "execute-api:Invoke"


def authorize(ask: Authorizer, event: dict[str, Any]) -> dict[str, str]:
    """The context for the function behind. Raises Refusal."""
    answer = _ask(ask, event)
    try:
        allowed = is_allowed(answer["policyDocument"], event["methodArn"])
        context = {name: _as_string(value) for name, value in (answer.get("context") or {}).items()}
        context["principalId"] = str(answer["principalId"])
    except (KeyError, TypeError, AttributeError):
        raise Refusal(500) from None
    if not allowed:
        raise Refusal(403)
    return context


def _ask(ask: Authorizer, event: dict[str, Any]) -> Any:
    try:
        return ask(event)
    except Exception as error:
        if str(error) == "Unauthorized":
            raise unauthenticated() from None
        # As the template's answer to DEFAULT_5XX: an authorizer that fails is a dependency that does.
        raise unavailable() from error


def is_allowed(policy: dict[str, Any], method_arn: str) -> bool:
    """Some statement allows it, and none denies it."""
    effects = {s["Effect"] for s in _as_list(policy["Statement"]) if _applies(s, method_arn)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], method_arn: str) -> bool:
    return any(_matches(a, _INVOKE) for a in _as_list(statement["Action"])) and any(
        _matches(r, method_arn) for r in _as_list(statement["Resource"])
    )


def _matches(pattern: str, text: str) -> bool:
    """`*` is any characters, slashes too, `?` exactly one; the pattern is anchored at both ends."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_string(value: Any) -> str:
    """API Gateway hands context on as strings, true as `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
