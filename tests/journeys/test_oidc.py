"""Signing in at an OIDC issuer, over HTTP: the whole stack, with an issuer's keys served on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.issuers import KeyServer, claims_for, jwk_of, key_server, settings_for, sign_token

from .conftest import Launch, Stack, log_of
from .stories import (
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    STAFF_TOKENS,
    Auth,
    a_page,
    for_staff,
    patch_comment,
    post_comment,
    problem,
)

pytestmark = pytest.mark.journey


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish(jwk_of("rsa-1"))
        yield server


@pytest.fixture
def here(
    launch: Launch, issuer: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Stack, httpx.Client]]:
    for name, value in settings_for(issuer.url).items():
        monkeypatch.setenv(name, value)
    stack = launch(tmp_path / "data")
    with stack.client() as client:
        yield stack, client
    assert stack.stop() == 0


def signed_in(issuer: KeyServer, role: str, **changes: Any) -> Auth:
    return {
        "Authorization": f"Bearer {sign_token(claims_for(issuer.url, datetime.now(UTC), role, **changes))}"
    }


def test_staff_sign_in_at_the_issuer_until_they_are_shut_out(
    here: tuple[Stack, httpx.Client], issuer: KeyServer
) -> None:
    stack, client = here
    moderator, admin = signed_in(issuer, "moderator", sub="kim"), signed_in(issuer, "admin", sub="lee")
    comment_id = post_comment(client, a_page())["id"]

    assert patch_comment(client, moderator, comment_id, 1, status="approved").status_code == 200
    assert for_staff(client, stack.auth("moderator"), comment_id)["decided_by"] == "oidc:kim"
    problem(client.get(STAFF_ENQUIRIES, headers=moderator), 403, "forbidden")
    assert client.get(STAFF_ENQUIRIES, headers=admin).status_code == 200

    problem(client.get(STAFF_COMMENTS, headers=signed_in(issuer, "cooks")), 403, "forbidden")
    long_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp())
    for changes in (
        {"exp": long_ago},
        {"iss": "https://evil.example"},
        {"client_id": "x"},
        {"token_use": "id"},
    ):
        wrong = signed_in(issuer, "admin", **changes)
        problem(client.get(STAFF_COMMENTS, headers=wrong), 401, "unauthenticated")

    assert client.delete(f"{STAFF_TOKENS}/oidc:kim", headers=admin).status_code == 204
    for shut_out in (moderator, signed_in(issuer, "admin", sub="kim")):
        problem(client.get(STAFF_COMMENTS, headers=shut_out), 401, "unauthenticated")
    assert client.get(STAFF_COMMENTS, headers=admin).status_code == 200
    assert len(set(issuer.asked)) == 1

    log = log_of(stack.folder).read_text()
    for auth in (moderator, admin):
        assert not [part for part in auth["Authorization"].removeprefix("Bearer ").split(".") if part in log]


def test_issuer_that_is_down_is_an_outage_and_staff_tokens_work_on(
    here: tuple[Stack, httpx.Client], issuer: KeyServer
) -> None:
    stack, client = here
    issuer.status = 500
    answer = client.get(STAFF_COMMENTS, headers=signed_in(issuer, "moderator"))
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert client.get(STAFF_COMMENTS, headers=stack.auth("moderator")).status_code == 200
