"""Staff tokens: `fd_<id>_<secret>`, the secret being 256 random bits of which only the SHA-256 is kept.

A plain hash is enough for a secret that nobody chose: there is nothing to guess, so nothing to slow down.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol, get_args

from chalicelib import ids
from chalicelib.audit import Act
from chalicelib.errors import Unauthenticated

Role = Literal["moderator", "admissions", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class StaffToken:
    id: str
    role: Role
    name: str
    secret_hash: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Actor:
    """A member of staff who has shown a valid credential."""

    id: str
    role: Role


class TokenStore(Protocol):
    def find_token(self, token_id: str) -> StaffToken | None: ...

    def add_token(self, token: StaffToken, act: Act) -> None: ...

    def revoke_token(self, token_id: str, at: datetime, act: Act) -> None: ...


def add_token(role: Role, name: str, actor: str, at: datetime, store: TokenStore) -> tuple[StaffToken, str]:
    """Make a token; return it and its bearer secret, which is nowhere kept and cannot be shown again."""
    secret = secrets.token_urlsafe(32)
    token = StaffToken(ids.new_id("t", at), role, name, _hash(secret), at)
    store.add_token(token, Act(token.id, actor, "add_token", at, after=role))
    return token, f"fd_{token.id}_{secret}"


def revoke_token(token_id: str, actor: str, at: datetime, store: TokenStore) -> None:
    """Raises NotFound."""
    store.revoke_token(token_id, at, Act(token_id, actor, "revoke_token", at))


def authenticate(bearer: str, store: TokenStore) -> Actor:
    """Return who shows the bearer secret. Raises Unauthenticated."""
    prefix, _, rest = bearer.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != "fd" or not token_id or len(bearer) > 200 or not bearer.isascii():
        raise Unauthenticated
    token = store.find_token(token_id)
    if token is None or token.revoked_at or not hmac.compare_digest(token.secret_hash, _hash(secret)):
        raise Unauthenticated
    return Actor(f"token:{token.id}", token.role)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
