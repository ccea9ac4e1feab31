"""Staff tokens: only the whole secret of a token that is not revoked says who somebody is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib import staff_tokens
from chalicelib.audit import Act
from chalicelib.errors import Unauthenticated
from chalicelib.staff_tokens import ROLES, Role, StaffToken

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class InMemory:
    def __init__(self) -> None:
        self.tokens: dict[str, StaffToken] = {}
        self.acts: list[Act] = []

    def find_token(self, token_id: str) -> StaffToken | None:
        return self.tokens.get(token_id)

    def add_token(self, token: StaffToken, act: Act) -> None:
        self.tokens[token.id] = token
        self.acts.append(act)

    def revoke_token(self, token_id: str, at: datetime, act: Act) -> None:
        self.tokens[token_id] = replace(self.tokens[token_id], revoked_at=at)
        self.acts.append(act)


@pytest.mark.parametrize("role", ROLES)
def test_secret_says_who_it_is(role: Role) -> None:
    store = InMemory()
    token, secret = staff_tokens.add_token(role, "Kim", "command", AT, store)
    actor = staff_tokens.authenticate(secret, store)
    assert (actor.id, actor.role) == (f"token:{token.id}", role)


def test_secret_has_256_bits_and_is_not_kept() -> None:
    store = InMemory()
    token, secret = staff_tokens.add_token("admin", "Kim", "command", AT, store)
    random_part = secret.removeprefix(f"fd_{token.id}_")
    assert len(random_part) == 43
    assert random_part not in repr(store.tokens) + repr(store.acts)
    assert staff_tokens.add_token("admin", "Kim", "command", AT, store)[1] != secret


def test_altered_secret_is_nobody() -> None:
    store = InMemory()
    _, secret = staff_tokens.add_token("admin", "Kim", "command", AT, store)
    altered = [secret[:i] + ("x" if c != "x" else "y") + secret[i + 1 :] for i, c in enumerate(secret)]
    for bearer in [
        *altered,
        secret[:-1],
        secret + "A",
        secret.upper(),
        "",
        "fd_",
        "fd__",
        "é",
        "fd_" + "a" * 300,
    ]:
        with pytest.raises(Unauthenticated):
            staff_tokens.authenticate(bearer, store)


def test_secret_of_one_token_does_not_open_another() -> None:
    store = InMemory()
    first, _ = staff_tokens.add_token("admin", "Kim", "command", AT, store)
    second, secret = staff_tokens.add_token("moderator", "Lee", "command", AT, store)
    with pytest.raises(Unauthenticated):
        staff_tokens.authenticate(secret.replace(second.id, first.id), store)


def test_revoked_token_is_nobody() -> None:
    store = InMemory()
    token, secret = staff_tokens.add_token("admin", "Kim", "command", AT, store)
    staff_tokens.revoke_token(token.id, "token:x", AT, store)
    with pytest.raises(Unauthenticated):
        staff_tokens.authenticate(secret, store)


def test_making_and_revoking_are_audited() -> None:
    store = InMemory()
    token, _ = staff_tokens.add_token("admissions", "Kim", "command", AT, store)
    staff_tokens.revoke_token(token.id, "token:x", AT, store)
    told = [(e.subject, e.actor, e.action, e.after) for e in store.acts]
    assert told == [
        (token.id, "command", "add_token", "admissions"),
        (token.id, "token:x", "revoke_token", None),
    ]
