"""The authorizer: from a bearer credential to a policy for everything that its role may call.

API Gateway caches the policy and reuses it for other routes, so it must cover the whole role, with
anchored ARNs (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html).
"""

import re
from typing import Any

from chalicelib import staff_tokens
from chalicelib.api.routes import ROUTES
from chalicelib.errors import Unauthenticated
from chalicelib.staff_tokens import Role
from chalicelib.wiring import Desk

# Revocation must hold within 60 s: this is how long a policy may be reused.
POLICY_TTL_SECONDS = 30
_BEARER = re.compile(r"Bearer +([!-~]+) *", re.IGNORECASE)


def authorize(credential: str, method_arn: str, desk: Desk) -> dict[str, Any]:
    """Return the authorizer's answer. Raises Unauthenticated or Unavailable.

    `method_arn` is `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<METHOD>/<path>`.
    """
    bearer = _BEARER.fullmatch(credential)
    if bearer is None:
        raise Unauthenticated
    actor = staff_tokens.authenticate(bearer[1], desk.store)
    api = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": _resources(api, actor.role)}
    return {
        "principalId": actor.id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"role": actor.role},
    }


def _resources(api: str, role: Role) -> list[str]:
    """Each route that `role` may call, on every method: a wrong method is the handler's 405 to give."""
    paths = {route.path for route in ROUTES if role in route.roles}
    return [f"{api}/*{re.sub('{[^}]*}', '*', path)}" for path in sorted(paths)]
