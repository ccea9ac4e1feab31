"""The authorizer: from a bearer credential to a policy for everything that its role may call.

API Gateway caches the policy and reuses it for other routes, so it must cover the whole role, with
anchored ARNs (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html).
"""

import re
from typing import Any

from chalicelib import staff_tokens
from chalicelib.api.routes import ROUTES
from chalicelib.errors import Forbidden, Unauthenticated
from chalicelib.oidc import people
from chalicelib.staff_tokens import Actor, Role
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
    api = "/".join(method_arn.split("/")[:2])
    try:
        actor = _authenticate(bearer[1], desk)
    except Forbidden as error:
        # Signed in, but not as one of us: the gateway makes a 403 of a denial. An error would be a 401.
        return _answer(error.role, "Deny", [f"{api}/*"], {})
    return _answer(actor.id, "Allow", _resources(api, actor.role), {"role": actor.role})


def _authenticate(credential: str, desk: Desk) -> Actor:
    """Raises Unauthenticated, Forbidden or Unavailable."""
    # No staff token has a full stop; a JWT has two (RFC 7515, 3.1).
    if desk.issuer and credential.count(".") == 2:
        return people.authenticate(credential, desk.issuer, desk.now(), desk.store)
    return staff_tokens.authenticate(credential, desk.store)


def _answer(principal: str, effect: str, resources: list[str], context: dict[str, str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": policy, "context": context}


def _resources(api: str, role: Role) -> list[str]:
    """Each route that `role` may call, on every method: a wrong method is the handler's 405 to give."""
    paths = {route.path for route in ROUTES if role in route.roles}
    return [f"{api}/*{re.sub('{[^}]*}', '*', path)}" for path in sorted(paths)]
