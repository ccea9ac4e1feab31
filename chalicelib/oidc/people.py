"""From a JWT of the configured issuer to a member of staff: only as the issuer means it, and pinned by us.

Sources: RFC 7519 (JWT), RFC 8725 (what to check), RFC 9068 (access tokens), and
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html.
Of the person only `sub` is taken, an id that means nothing elsewhere: no name, no address.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from chalicelib.credentials import PERSON
from chalicelib.errors import Forbidden, Unauthenticated
from chalicelib.staff_tokens import ROLES, Actor, Role

# How far the issuer's clock may be from ours.
LEEWAY = timedelta(seconds=30)
_LONGEST = 8192


class Keys(Protocol):
    def find(self, key_id: str) -> dict[str, Any] | None: ...


class Revocations(Protocol):
    def find_revocation(self, credential: str) -> datetime | None: ...


@dataclass(frozen=True)
class Issuer:
    """Who signs, and what of it counts: settings, and the issuer's public keys (JWKs)."""

    url: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    token_use: Literal["access", "id"]
    roles_claim: str
    # The issuer's name for a group: our role.
    roles: Mapping[str, Role]
    keys: Keys


def authenticate(token: str, issuer: Issuer, at: datetime, store: Revocations) -> Actor:
    """Return who signed in. Raises Unauthenticated, Unavailable, or Forbidden: they have no role here."""
    header, claims = _verify(token, issuer)
    _check_times(claims, at.timestamp())
    if _use_of(header, claims) != issuer.token_use or not _audience_of(header, claims) & {*issuer.audiences}:
        raise Unauthenticated
    person = f"oidc:{claims['sub']}"
    # An address as `sub` fits no more than something too long: it would come into logs and the audit trail.
    if not PERSON.fullmatch(person) or store.find_revocation(person) is not None:
        raise Unauthenticated
    return Actor(person, _strongest_role(claims.get(issuer.roles_claim), issuer.roles))


def _verify(token: str, issuer: Issuer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of what the issuer signed. Raises Unauthenticated or Unavailable."""
    if len(token) > _LONGEST or not token.isascii():
        raise Unauthenticated
    # Imported here: `cryptography` takes longer than all the rest of a cold start that needs no JWT.
    import jwt  # noqa: PLC0415

    try:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        # Before anything is fetched. Symmetric algorithms and `none` are never among ours: see Settings.
        if algorithm not in issuer.algorithms or not isinstance(key_id, str):
            raise Unauthenticated
        jwk = issuer.keys.find(key_id)
        if jwk is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
            raise Unauthenticated
        decoded = jwt.decode_complete(
            token,
            jwt.PyJWK(jwk, algorithm),
            algorithms=[algorithm],
            issuer=issuer.url,
            options={
                "require": ["exp", "iat", "iss", "sub"],
                "enforce_minimum_key_length": True,
                # Checked below: times against our own clock, the audience also where Cognito has it.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except jwt.PyJWTError:
        raise Unauthenticated from None
    return decoded["header"], decoded["payload"]


def _check_times(claims: dict[str, Any], now: float) -> None:
    times = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(isinstance(t, int | float) and not isinstance(t, bool) and math.isfinite(t) for t in times):
        raise Unauthenticated
    expires, issued, not_before = times
    leeway = LEEWAY.total_seconds()
    if now >= expires + leeway or now < issued - leeway or now < not_before - leeway:
        raise Unauthenticated


def _use_of(header: dict[str, Any], claims: dict[str, Any]) -> object:
    """Cognito says in a claim what a token is for, RFC 9068 in the header; one that says nothing is `id`."""
    if "token_use" in claims:
        return claims["token_use"]
    access = str(header.get("typ", "")).lower() in ("at+jwt", "application/at+jwt")
    return "access" if access else "id"


def _audience_of(header: dict[str, Any], claims: dict[str, Any]) -> set[str]:
    """Whom it is for. Cognito's access tokens have no `aud`, but the client that they were issued to."""
    named = claims.get("aud")
    if named is None and _use_of(header, claims) == "access":
        named = claims.get("client_id")
    return {one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)}


def _strongest_role(groups: object, roles: Mapping[str, Role]) -> Role:
    """Of several groups the strongest counts: admin, then admissions, then moderator. Raises Forbidden."""
    named = groups if isinstance(groups, list) else [groups]
    found = [roles[group] for group in named if isinstance(group, str) and group in roles]
    if not found:
        raise Forbidden("nobody")
    return max(found, key=ROLES.index)
