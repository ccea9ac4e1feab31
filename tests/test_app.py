"""app.py: every route and every event handler is registered with Chalice, and nothing else."""

import os
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from chalicelib import staff_tokens
from chalicelib.api.routes import ROUTES
from tests.stack import Stack

ARN = "arn:aws:execute-api:us-east-1:1:api1/prod/GET/v1/staff/tokens"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Imported as `chalice package` does: without settings."""
    monkeypatch.setenv("AWS_CHALICE_CLI_MODE", "true")
    for name in ("STAGE", "FUNCTION"):
        assert name not in os.environ
    import app as module  # noqa: PLC0415

    module._desk.cache_clear()
    yield module
    module._desk.cache_clear()


def credentials(token: str) -> Any:
    return type("AuthRequest", (), {"token": token, "method_arn": ARN})()


def authorize(app: ModuleType, stack: Stack, monkeypatch: pytest.MonkeyPatch, token: str) -> Any:
    monkeypatch.setattr(app, "desk", stack.desk("authorizer"))
    event = {"type": "TOKEN", "authorizationToken": token, "methodArn": ARN}
    return app.authorizer(event, None)


def test_every_route_is_registered_on_every_method(app: ModuleType) -> None:
    assert set(app.app.routes) == {route.path for route in ROUTES}
    for path, methods in app.app.routes.items():
        assert set(methods) == {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, path


def test_exactly_the_staff_routes_are_behind_the_authorizer_but_for_options(app: ModuleType) -> None:
    for path, methods in app.app.routes.items():
        staff = path.startswith("/v1/staff/")
        for method, entry in methods.items():
            assert (entry.authorizer is not None) is (staff and method != "OPTIONS"), (method, path)


def test_functions_are_the_stacks(app: ModuleType) -> None:
    handlers = {handler.name for handler in app.app.pure_lambda_functions}
    assert handlers == {"relay", "mail", "delivery_events", "housekeeping"}


def test_nothing_is_served_while_packaging(app: ModuleType) -> None:
    with pytest.raises(RuntimeError):
        app.relay({"Records": []}, None)


def test_good_token_is_authorized(app: ModuleType, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    token, secret = staff_tokens.add_token("admin", "Kim", "c", stack.now, stack.desk("staff").store)
    answer = authorize(app, stack, monkeypatch, f"Bearer {secret}")
    assert answer["principalId"] == f"token:{token.id}"


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer fd_t0_x"])
def test_bad_token_is_the_very_word_that_api_gateway_takes_for_401(
    app: ModuleType, stack: Stack, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(app, stack, monkeypatch, token)
