"""Who may call what: the authorizer's policy, and the check that is made again after it."""

import re
from typing import Any

import pytest

from chalicelib import staff_tokens
from chalicelib.api.access import POLICY_TTL_SECONDS, authorize
from chalicelib.api.routes import ROUTES, Route
from chalicelib.errors import Unauthenticated
from chalicelib.staff_tokens import ROLES, Role
from chalicelib.storage.seal import CannotOpen
from tests.acts import add_comment
from tests.stack import Stack

API = "arn:aws:execute-api:us-east-1:123456789012:api1"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
STAFF_ROUTES = [route for route in ROUTES if route.roles]


def make_token(stack: Stack, role: Role) -> tuple[str, str]:
    token, secret = staff_tokens.add_token(role, "Kim", "command", stack.now, stack.desk("staff").store)
    return token.id, secret


def policy_of(stack: Stack, role: Role, arn: str = f"{API}/prod/GET/v1/staff/comments") -> dict[str, Any]:
    return authorize(f"Bearer {make_token(stack, role)[1]}", arn, stack.desk("authorizer"))


def allows(policy: dict[str, Any], arn: str) -> bool:
    """As IAM reads it: `*` is any characters, slashes too."""
    [statement] = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    patterns = ["[^\0]*".join(map(re.escape, resource.split("*"))) for resource in statement["Resource"]]
    return any(re.fullmatch(pattern, arn) for pattern in patterns)


def concrete(route: Route) -> str:
    return re.sub(r"\{[^}]*\}", "c01abc", route.path)


@pytest.mark.parametrize("role", ROLES)
def test_policy_covers_the_whole_role_and_nothing_of_other_roles(stack: Stack, role: Role) -> None:
    policy = policy_of(stack, role)
    assert policy["context"] == {"role": role}
    for route in ROUTES:
        may = any(role in other.roles for other in ROUTES if other.path == route.path)
        for method in METHODS:
            assert allows(policy, f"{API}/prod/{method}{concrete(route)}") is may, (role, route.path)


@pytest.mark.parametrize("role", ROLES)
def test_policy_holds_for_this_api_and_stage_alone(stack: Stack, role: Role) -> None:
    policy = policy_of(stack, role)
    route = next(route for route in STAFF_ROUTES if role in route.roles)
    for elsewhere in (f"{API}/beta/GET", API.replace("api1", "api2") + "/prod/GET"):
        assert not allows(policy, f"{elsewhere}{concrete(route)}")
    for resource in policy["policyDocument"]["Statement"][0]["Resource"]:
        assert resource.startswith(f"{API}/prod/*/v1/staff/")


def test_every_staff_path_begins_with_staff_and_no_public_one_does() -> None:
    assert {route.path.startswith("/v1/staff/") for route in STAFF_ROUTES} == {True}
    assert not [r.path for r in ROUTES if not r.roles and "/staff" in r.path]


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {}", "Bearer {} "])
def test_scheme_is_read_in_any_case(stack: Stack, header: str) -> None:
    token_id, secret = make_token(stack, "admin")
    answer = authorize(header.format(secret), f"{API}/prod/GET/x", stack.desk("authorizer"))
    assert answer["principalId"] == f"token:{token_id}"


@pytest.mark.parametrize(
    "change",
    [
        lambda header: "",
        lambda header: header.removeprefix("Bearer "),
        lambda header: header.replace("Bearer", "Basic"),
        lambda header: header[:-1],
        lambda header: header + "x",
        lambda header: header[:-1] + ("A" if header[-1] != "A" else "B"),
        lambda header: header.replace("fd_t", "fd_u"),
        lambda header: header + " " + header,
        lambda header: header + "\n",
        lambda header: "Bearer fd_t0_secret",
        lambda header: "Bearer é",
        lambda header: "Bearer " + "x" * 10_000,
    ],
)
def test_other_credential_is_unauthenticated(stack: Stack, change: Any) -> None:
    credential = change(f"Bearer {make_token(stack, 'admin')[1]}")
    with pytest.raises(Unauthenticated):
        authorize(credential, f"{API}/prod/GET/x", stack.desk("authorizer"))


def test_revoked_token_is_unauthenticated_within_a_minute(stack: Stack) -> None:
    token_id, secret = make_token(stack, "admin")
    assert stack.call("DELETE", f"/v1/staff/tokens/{token_id}", role="admin").status == 204
    with pytest.raises(Unauthenticated):
        authorize(f"Bearer {secret}", f"{API}/prod/GET/x", stack.desk("authorizer"))
    assert POLICY_TTL_SECONDS <= 60


def test_role_is_checked_again_behind_a_cached_policy(stack: Stack) -> None:
    for route in STAFF_ROUTES:
        roles: list[Role | None] = [None, *ROLES]
        for role in roles:
            reply = stack.call(route.method, concrete(route), {}, role=role, if_match="*")
            if role in route.roles:
                assert reply.status not in (401, 403), (route, role)
            else:
                assert (reply.status, reply.json["code"]) == (403, "forbidden"), (route, role)


def test_role_that_nobody_has_opens_nothing(stack: Stack) -> None:
    reply = stack.call("GET", "/v1/staff/tokens", role="root")  # type: ignore[arg-type]
    assert reply.status == 403


def test_route_in_the_wrong_function_is_not_found(stack: Stack) -> None:
    for route in ROUTES:
        for function in ({"public", "staff"} - {route.audience}) | {"mail"}:
            reply = stack.call(route.method, concrete(route), {}, role="admin", desk=stack.desk(function))
            assert reply.status == 404, (route, function)


@pytest.mark.parametrize("function", ["public", "authorizer", "relay", "delivery_events", "housekeeping"])
def test_function_without_private_keys_cannot_open_what_is_sealed(stack: Stack, function: str) -> None:
    comment_id = add_comment(stack)
    with pytest.raises(CannotOpen):
        stack.desk(function).store.comments.get(comment_id)


def test_tokens_are_listed_in_the_order_that_is_asked_for_page_by_page(stack: Stack) -> None:
    made = []
    for _ in range(3):
        stack.later(seconds=1)
        made.append(stack.call("POST", "/v1/staff/tokens", {"role": "moderator"}, role="admin").json["id"])
    for order, expected in (("oldest", made), ("newest", made[::-1])):
        found: list[str] = []
        query = {"order": order, "limit": "2"}
        while True:
            page = stack.call("GET", "/v1/staff/tokens", role="admin", query=query).json
            found += [token["id"] for token in page["tokens"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert found == expected
