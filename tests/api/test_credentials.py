"""Every staff route, every role, every kind of credential: as API Gateway does it, with its cache.

A policy is cached by credential and reused for any route, so each case is tried twice: with nothing cached,
and after the same caller has been let through on other routes.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import credentials, staff_tokens
from chalicelib.api.access import POLICY_TTL_SECONDS, authorize
from chalicelib.api.routes import ROUTES, Route
from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.oidc.people import LEEWAY
from chalicelib.staff_tokens import ROLES, Role
from infra.local.authorization import is_allowed
from tests.issuers import (
    SUBJECT,
    KeyServer,
    claims_for,
    encode,
    jwk_of,
    key_server,
    public_pem,
    settings_for,
    sign_symmetric,
    sign_token,
)
from tests.stack import Stack

API = "arn:aws:execute-api:us-east-1:123456789012:api1/prod"
STAFF_ROUTES = [route for route in ROUTES if route.roles]
LET_THROUGH = "let through"
WITHIN = timedelta(seconds=60)


class Gateway:
    """API Gateway in front of the stack: TOKEN authorizer, its policies cached by the credential."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._cached: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def forget(self) -> None:
        self._cached.clear()

    def admit(self, route: Route, credential: str | None, path: str = "") -> str:
        """The status by which the gateway keeps the caller out, or LET_THROUGH to the function behind."""
        arn = f"{API}/{route.method}{path or concrete(route)}"
        if credential is None:
            return "401"
        try:
            policy = self._policy(f"Bearer {credential}", arn)
        except Unauthenticated:
            return "401"
        except Unavailable:
            return "503"
        return LET_THROUGH if is_allowed(policy["policyDocument"], arn) else "403"

    def call(self, route: Route, credential: str | None, path: str = "") -> str:
        """The same, the function behind included."""
        admitted = self.admit(route, credential, path)
        if admitted != LET_THROUGH:
            return admitted
        role = self._cached[f"Bearer {credential}"][1]["context"]["role"]
        reply = self.stack.call(route.method, concrete(route), {}, role=role, if_match="*")
        return str(reply.status) if reply.status in (401, 403) else LET_THROUGH

    def _policy(self, header: str, arn: str) -> dict[str, Any]:
        until, policy = self._cached.get(header, (self.stack.now, {}))
        if until <= self.stack.now:
            policy = authorize(header, arn, self.stack.desk("authorizer"))
            self._cached[header] = (self.stack.now + timedelta(seconds=POLICY_TTL_SECONDS), policy)
        return policy


def concrete(route: Route) -> str:
    return re.sub(r"\{[^}]*\}", "c01abc", route.path)


@pytest.fixture(scope="module")
def issuer() -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish(jwk_of("rsa-1"))
        yield server


@pytest.fixture
def gateway(stack: Stack, issuer: KeyServer) -> Gateway:
    stack.settings |= settings_for(issuer.url)
    return Gateway(stack)


# ---- what is shown


def staff_token(gateway: Gateway, _url: str, role: str) -> str:
    stack = gateway.stack
    return staff_tokens.add_token(role, "Kim", "command", stack.now, stack.desk("staff").store)[1]  # type: ignore[arg-type]


def right_jwt(gateway: Gateway, url: str, role: str, **changes: Any) -> str:
    return sign_token(claims_for(url, gateway.stack.now, role, **changes))


def revoked_jwt(gateway: Gateway, url: str, role: str) -> str:
    revoke(gateway, "oidc:gone")
    return right_jwt(gateway, url, role, sub="gone")


def revoked_token(gateway: Gateway, url: str, role: str) -> str:
    secret = staff_token(gateway, url, role)
    revoke(gateway, secret.split("_")[1])
    return secret


def revoke(gateway: Gateway, credential: str) -> None:
    credentials.revoke(credential, "token:x", gateway.stack.now, gateway.stack.desk("staff").store)


def tampered_role(gateway: Gateway, url: str, role: str) -> str:
    header, _, signature = right_jwt(gateway, url, "cooks").split(".")
    return f"{header}.{encode(claims_for(url, gateway.stack.now, role))}.{signature}"


def altered(credential: str) -> str:
    # Not the last: it holds bits that say nothing.
    return credential[:-5] + ("A" if credential[-5] != "A" else "B") + credential[-4:]


Make = Callable[[Gateway, str, str], str | None]

RIGHT: dict[str, Make] = {"staff token": staff_token, "JWT": right_jwt}
WRONG: dict[str, Make] = {
    "no credential": lambda _g, _u, _r: None,
    "malformed": lambda _g, _u, _r: "x",
    "malformed JWT": lambda _g, _u, _r: "a.b.c",
    "revoked token": revoked_token,
    "altered token": lambda g, u, r: altered(staff_token(g, u, r)),
    "unknown token": lambda g, u, r: staff_token(g, u, r).replace("fd_t", "fd_u"),
    "expired JWT": lambda g, u, r: right_jwt(g, u, r, exp=int((g.stack.now - LEEWAY).timestamp())),
    "JWT of later": lambda g, u, r: right_jwt(g, u, r, nbf=int((g.stack.now + WITHIN).timestamp())),
    "revoked JWT": revoked_jwt,
    "tampered JWT": tampered_role,
    "altered JWT": lambda g, u, r: altered(right_jwt(g, u, r)),
    "wrong issuer": lambda g, u, r: right_jwt(g, u, r, iss="https://evil.example/pool"),
    "wrong audience": lambda g, u, r: right_jwt(g, u, r, client_id="another"),
    "wrong use": lambda g, u, r: right_jwt(g, u, r, token_use="id"),
    "wrong key": lambda g, u, r: sign_token(claims_for(u, g.stack.now, r), "rsa-2", kid="rsa-1"),
    "unknown key": lambda g, u, r: sign_token(claims_for(u, g.stack.now, r), "rsa-2"),
    "no key named": lambda g, u, r: sign_token(claims_for(u, g.stack.now, r), kid=None),
    "alg none": lambda g, u, r: f"{encode({'alg': 'none'})}.{encode(claims_for(u, g.stack.now, r))}.",
    "alg HS256": lambda g, u, r: sign_symmetric(claims_for(u, g.stack.now, r), public_pem("rsa-1")),
}


# ---- what comes of it


def expected(route: Route, role: str) -> str:
    return LET_THROUGH if role in route.roles else "403"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", RIGHT)
def test_right_credential_opens_what_its_role_may_and_nothing_else(
    gateway: Gateway, issuer: KeyServer, kind: str, role: Role
) -> None:
    credential = RIGHT[kind](gateway, issuer.url, role)
    for route in STAFF_ROUTES:
        gateway.forget()
        assert gateway.call(route, credential) == expected(route, role), route
        # The policy of each other route, cached.
        for other in STAFF_ROUTES:
            gateway.forget()
            assert gateway.admit(other, credential) == expected(other, role), (route, other)
            assert gateway.admit(route, credential) == expected(route, role), (route, other)
        assert gateway.call(route, credential) == expected(route, role), route


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", WRONG)
def test_wrong_credential_opens_nothing(gateway: Gateway, issuer: KeyServer, kind: str, role: Role) -> None:
    right = right_jwt(gateway, issuer.url, role)
    credential = WRONG[kind](gateway, issuer.url, role)
    for route in STAFF_ROUTES:
        gateway.forget()
        assert gateway.call(route, credential) == "401", route
        assert LET_THROUGH in {gateway.admit(other, right) for other in STAFF_ROUTES}
        assert gateway.call(route, credential) == "401", route


def test_group_that_has_no_role_opens_nothing(gateway: Gateway, issuer: KeyServer) -> None:
    credential = right_jwt(gateway, issuer.url, "cooks")
    for route in STAFF_ROUTES:
        assert gateway.call(route, credential) == "403", route


@pytest.mark.parametrize("role", ROLES)
def test_credential_ends_within_a_minute_of_its_revocation(
    gateway: Gateway, issuer: KeyServer, role: Role
) -> None:
    token, person = staff_token(gateway, issuer.url, role), right_jwt(gateway, issuer.url, role)
    mine = [route for route in STAFF_ROUTES if role in route.roles]
    for route in mine:
        for credential in (token, person):
            assert gateway.call(route, credential) == LET_THROUGH
    revoke(gateway, token.split("_")[1])
    revoke(gateway, f"oidc:{SUBJECT}")
    gateway.stack.now += WITHIN
    for route in mine:
        for credential in (token, person, right_jwt(gateway, issuer.url, role)):
            assert gateway.call(route, credential) == "401"


def test_jwt_ends_within_a_minute_of_its_expiry(gateway: Gateway, issuer: KeyServer) -> None:
    person = right_jwt(gateway, issuer.url, "admin")
    route = STAFF_ROUTES[0]
    # At the last moment at which a policy is made.
    gateway.stack.now += timedelta(minutes=15) + LEEWAY - timedelta(seconds=1)
    assert gateway.call(route, person) == LET_THROUGH
    gateway.stack.now += WITHIN - LEEWAY + timedelta(seconds=1)
    assert gateway.call(route, person) == "401"


def test_id_with_another_routes_path_in_it_opens_nothing(gateway: Gateway, issuer: KeyServer) -> None:
    """In the gateway's patterns `*` stands for slashes too: so the handler looks at the role again."""
    [route] = [r for r in STAFF_ROUTES if (r.method, r.path) == ("DELETE", "/v1/staff/tokens/{token_id}")]
    moderator = right_jwt(gateway, issuer.url, "moderator")
    for path in ("/v1/staff/tokens//v1/staff/comments", "/v1/staff/tokens/x/v1/staff/comments/c1"):
        assert gateway.call(route, moderator, path) == "403"


def test_outage_of_the_issuer_is_no_refusal(gateway: Gateway, issuer: KeyServer) -> None:
    person, token = right_jwt(gateway, issuer.url, "admin"), staff_token(gateway, issuer.url, "admin")
    issuer.status = 500
    try:
        for route in STAFF_ROUTES:
            assert gateway.call(route, person) == "503"
            # Who has a staff token needs no issuer.
            assert gateway.call(route, token) == LET_THROUGH
    finally:
        issuer.status = 200


def test_no_jwt_counts_where_no_issuer_is_set(stack: Stack, issuer: KeyServer) -> None:
    gateway = Gateway(stack)
    asked = len(issuer.asked)
    for route in STAFF_ROUTES:
        assert gateway.call(route, right_jwt(gateway, issuer.url, "admin")) == "401"
    assert len(issuer.asked) == asked


def test_keys_are_fetched_once_for_all_of_it(gateway: Gateway, issuer: KeyServer) -> None:
    asked = len(issuer.asked)
    for route in STAFF_ROUTES:
        for n in range(20):
            gateway.admit(route, right_jwt(gateway, issuer.url, "admin", jti=str(n)))
            gateway.admit(route, sign_token(claims_for(issuer.url, gateway.stack.now), kid=f"made up {n}"))
    assert issuer.asked[asked:] == ["/pool/.well-known/jwks.json"]


def test_only_the_authorizer_knows_the_issuer(stack: Stack, issuer: KeyServer) -> None:
    stack.settings |= settings_for(issuer.url)
    for function in ("public", "staff", "relay", "mail", "delivery_events", "housekeeping"):
        assert stack.desk(function).issuer is None
    assert stack.desk("authorizer").issuer is not None
