"""A JWT lets somebody in only where everything about it is as it was pinned; each test changes one thing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from chalicelib.errors import Forbidden, FrontdeskError, Unauthenticated, Unavailable
from chalicelib.oidc.people import LEEWAY, Issuer, authenticate
from tests.issuers import (
    AUDIENCE,
    SUBJECT,
    claims_for,
    encode,
    jwk_of,
    make_key,
    public_pem,
    sign_raw,
    sign_symmetric,
    sign_token,
)

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = "https://login.example.org"
HEADER = {"alg": "RS256", "kid": "rsa-1"}


class Published:
    """The issuer's keys, without a network."""

    def __init__(self, *jwks: dict[str, Any]) -> None:
        self.asked: list[str] = []
        self._keys = {jwk["kid"]: jwk for jwk in jwks}

    def find(self, key_id: str) -> dict[str, Any] | None:
        self.asked.append(key_id)
        return self._keys.get(key_id)


class Nobody:
    """A store in which nothing is revoked."""

    def find_revocation(self, credential: str) -> datetime | None:
        assert credential.startswith("oidc:")
        return None


def issuer(*jwks: dict[str, Any], **changes: Any) -> Issuer:
    pinned = Issuer(
        url=f"{URL}/pool",
        audiences=(AUDIENCE,),
        algorithms=("RS256",),
        token_use="access",
        roles_claim="cognito:groups",
        roles={
            "moderator": "moderator",
            "admissions": "admissions",
            "admin": "admin",
            "Web team": "moderator",
        },
        keys=Published(*(jwks or (jwk_of("rsa-1"),))),
    )
    return replace(pinned, **changes)


def outcome(token: str, pinned: Issuer | None = None, at: datetime = AT) -> str:
    """The role, or the name of the error."""
    try:
        return authenticate(token, pinned or issuer(), at, Nobody()).role
    except FrontdeskError as error:
        return type(error).__name__


def claims(**changes: Any) -> dict[str, Any]:
    return claims_for(URL, AT, **changes)


@pytest.mark.parametrize("role", ["moderator", "admissions", "admin"])
def test_right_token_says_who_and_what_role(role: str) -> None:
    actor = authenticate(sign_token(claims(role=role)), issuer(), AT, Nobody())
    assert (actor.id, actor.role) == (f"oidc:{SUBJECT}", role)


def test_right_token_signed_by_elliptic_curve() -> None:
    pinned = issuer(jwk_of("ec-1"), algorithms=("ES256",))
    assert outcome(sign_token(claims(), "ec-1"), pinned) == "admin"


# ---- the signature


def unsigned(algorithm: Any) -> str:
    return f"{encode({'alg': algorithm, 'kid': 'rsa-1'})}.{encode(claims())}."


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, ["RS256"], {"RS256": 1}, 0])
def test_unsigned_token_is_nobodys(algorithm: Any) -> None:
    assert outcome(unsigned(algorithm)) == "Unauthenticated"


def test_public_key_is_no_secret() -> None:
    pem = public_pem("rsa-1")
    for secret in (pem, pem[:-1], json.dumps(jwk_of("rsa-1")).encode()):
        for algorithm in ("HS256", "RS256"):
            assert outcome(sign_symmetric(claims(), secret, algorithm)) == "Unauthenticated"
    # Nor where the issuer itself publishes a symmetric key, by mistake or not.
    oct_key = {"kty": "oct", "kid": "rsa-1", "k": encode(b"x" * 32)}
    assert outcome(sign_symmetric(claims(), b"x" * 32), issuer(oct_key)) == "Unauthenticated"


def test_algorithm_that_was_not_pinned_is_refused_before_any_key_is_looked_up() -> None:
    keys = Published(jwk_of("ec-1"), jwk_of("rsa-1"))
    for token in (
        sign_token(claims(), "ec-1"),
        jwt.encode(claims(), make_key("rsa-1"), "RS512", {"kid": "rsa-1"}),
    ):
        assert outcome(token, issuer(keys=keys)) == "Unauthenticated"
    assert keys.asked == []


def test_key_serves_for_its_own_algorithm_and_for_signatures_alone() -> None:
    token = sign_token(claims())
    both = ("RS256", "ES256")
    for jwk in (jwk_of("rsa-1", alg="RS512"), jwk_of("rsa-1", use="enc"), jwk_of("ec-1", kid="rsa-1")):
        assert outcome(token, issuer(jwk, algorithms=both)) == "Unauthenticated"
    bare = {name: value for name, value in jwk_of("rsa-1").items() if name not in ("alg", "use")}
    assert outcome(token, issuer(bare, algorithms=both)) == "admin"


def test_token_of_another_key_or_of_no_key_is_nobodys() -> None:
    for header in ({"kid": "rsa-2"}, {"kid": None}, {"kid": ""}, {"kid": "../../etc"}):
        assert outcome(sign_token(claims(), "rsa-1", **header)) == "Unauthenticated"
    assert outcome(sign_token(claims(), "rsa-2", kid="rsa-1")) == "Unauthenticated"


def test_key_within_the_token_is_not_looked_at() -> None:
    header = {"jwk": jwk_of("rsa-2"), "jku": "https://evil.example/keys", "x5u": "https://evil.example/x"}
    assert outcome(sign_token(claims(), "rsa-2", kid="rsa-1", **header)) == "Unauthenticated"
    assert outcome(sign_token(claims(), "rsa-2", **header)) == "Unauthenticated"


def test_short_key_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    jwk = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key())), "kid": "short"}
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(claims(), short, "RS256", {"kid": "short"})
    assert outcome(token, issuer(jwk)) == "Unauthenticated"


def test_every_altered_character_is_noticed() -> None:
    token = sign_token(claims())
    for index in range(0, len(token), 7):
        other = "A" if token[index] != "A" else "B"
        assert outcome(token[:index] + other + token[index + 1 :]) == "Unauthenticated", index


def test_claims_of_another_token_do_not_fit_the_signature() -> None:
    header, _, signature = sign_token(claims(role="moderator")).split(".")
    assert outcome(f"{header}.{encode(claims(role='admin'))}.{signature}") == "Unauthenticated"


@pytest.mark.parametrize(
    "made_up",
    [
        "",
        "..",
        "a.b.c",
        "é.é.é",
        "....",
        "eyJhbGciOiJSUzI1NiJ9..",
        "x" * 9000,
        "\ud800.a.b",
        f"{'[' * 4000}.a.b",
    ],
)
def test_made_up_token_is_nobodys(made_up: str) -> None:
    assert outcome(made_up) == "Unauthenticated"


@pytest.mark.parametrize("header", [[], 7, None, "RS256", {}, {"alg": "RS256", "kid": 7}])
def test_header_that_is_none_is_nobodys(header: Any) -> None:
    assert outcome(f"{encode(header)}.{encode(claims())}.{encode(b'x' * 256)}") == "Unauthenticated"


@pytest.mark.parametrize("payload", [[], 7, None, "admin", b"{", b"\xff", b"[" * 3000])
def test_payload_that_is_no_object_is_nobodys(payload: Any) -> None:
    assert outcome(sign_raw(HEADER, payload)) == "Unauthenticated"


def test_header_that_must_be_understood_and_is_not_is_refused() -> None:
    """RFC 7515, 4.1.11."""
    assert outcome(sign_token(claims(), crit=["exp"], exp=1)) == "Unauthenticated"


def test_long_token_is_refused_unread() -> None:
    assert outcome(sign_token(claims(padding="x" * 6200))) == "Unauthenticated"


def test_issuer_that_cannot_be_asked_is_no_bad_token() -> None:
    class Unreachable:
        def find(self, _key_id: str) -> dict[str, Any] | None:
            raise Unavailable("JWKS")

    assert outcome(sign_token(claims()), issuer(keys=Unreachable())) == "Unavailable"
    # Which it costs nobody to find out by a token that could not be right.
    assert outcome(unsigned("none"), issuer(keys=Unreachable())) == "Unauthenticated"


# ---- who, for whom, what for


@pytest.mark.parametrize(
    "url",
    [f"{URL}/pool/", f"{URL}/other", f"{URL}/Pool", "https://evil.example/pool", "", None, [f"{URL}/pool"]],
)
def test_token_of_another_issuer_is_nobodys(url: Any) -> None:
    assert outcome(sign_token(claims(iss=url))) == "Unauthenticated"


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, "admin"),
        ({"client_id": "another"}, "Unauthenticated"),
        ({"client_id": None}, "Unauthenticated"),
        ({"client_id": [AUDIENCE]}, "admin"),
        ({"client_id": {AUDIENCE: 1}}, "Unauthenticated"),
        ({"aud": AUDIENCE, "client_id": None}, "admin"),
        ({"aud": ["another", AUDIENCE], "client_id": None}, "admin"),
        # Whom it is for counts before whom it was issued to.
        ({"aud": "another"}, "Unauthenticated"),
        ({"aud": []}, "Unauthenticated"),
        ({"aud": [[AUDIENCE]]}, "Unauthenticated"),
        ({"aud": AUDIENCE.upper()}, "Unauthenticated"),
    ],
)
def test_token_is_for_our_audience(changes: dict[str, Any], role: str) -> None:
    assert outcome(sign_token(claims(**changes))) == role


@pytest.mark.parametrize(
    ("pinned", "changes", "header", "role"),
    [
        ("access", {"token_use": "access"}, {}, "admin"),
        ("access", {"token_use": "id", "aud": AUDIENCE}, {}, "Unauthenticated"),
        ("access", {"token_use": "refresh"}, {}, "Unauthenticated"),
        ("access", {"token_use": ["access"]}, {}, "Unauthenticated"),
        ("access", {"token_use": None, "aud": AUDIENCE}, {}, "Unauthenticated"),
        ("access", {"token_use": None}, {"typ": "at+jwt"}, "admin"),
        ("access", {"token_use": None, "aud": AUDIENCE}, {"typ": "application/AT+JWT"}, "admin"),
        ("access", {"token_use": "id", "aud": AUDIENCE}, {"typ": "at+jwt"}, "Unauthenticated"),
        ("id", {"token_use": "id", "aud": AUDIENCE}, {}, "admin"),
        ("id", {"token_use": None, "aud": AUDIENCE}, {}, "admin"),
        ("id", {"token_use": "access"}, {}, "Unauthenticated"),
        ("id", {"token_use": None, "aud": AUDIENCE}, {"typ": "at+jwt"}, "Unauthenticated"),
        # An ID token is for whom `aud` says.
        ("id", {"token_use": "id"}, {}, "Unauthenticated"),
    ],
)
def test_token_is_of_the_kind_that_was_pinned(
    pinned: Any, changes: dict[str, Any], header: dict[str, str], role: str
) -> None:
    assert outcome(sign_token(claims(**changes), **header), issuer(token_use=pinned)) == role


@pytest.mark.parametrize(
    "subject",
    ["kim@example.org", "", "x" * 60, "a b", "a/b", "a\nb", "é", "*", "a#b", None, 7, ["x"]],
)
def test_subject_that_is_no_plain_id_is_nobody(subject: Any) -> None:
    assert outcome(sign_raw(HEADER, claims() | {"sub": subject})) == "Unauthenticated"


@pytest.mark.parametrize(
    "subject", [SUBJECT, "auth0|5f7c8ec7", "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "x" * 59]
)
def test_subjects_of_known_issuers_fit(subject: str) -> None:
    assert authenticate(sign_token(claims(sub=subject)), issuer(), AT, Nobody()).id == f"oidc:{subject}"


# ---- when


@pytest.mark.parametrize(
    ("changes", "at", "role"),
    [
        ({}, timedelta(minutes=15), "admin"),
        ({}, timedelta(minutes=15) + LEEWAY - timedelta(seconds=1), "admin"),
        ({}, timedelta(minutes=15) + LEEWAY, "Unauthenticated"),
        ({}, timedelta(days=400), "Unauthenticated"),
        ({}, -LEEWAY, "admin"),
        ({}, -LEEWAY - timedelta(seconds=1), "Unauthenticated"),
        ({"nbf": int(AT.timestamp()) + 60}, timedelta(), "Unauthenticated"),
        ({"nbf": int(AT.timestamp()) + 60}, timedelta(seconds=30), "admin"),
        ({"nbf": int(AT.timestamp()) - 60}, timedelta(), "admin"),
        ({"exp": AT.timestamp() + 0.5}, timedelta(), "admin"),
    ],
)
def test_token_holds_in_its_time(changes: dict[str, Any], at: timedelta, role: str) -> None:
    assert outcome(sign_token(claims(**changes)), at=AT + at) == role


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["soon", "4102444800", True, [], {}, float("inf"), float("nan"), -1e400])
def test_time_that_is_none_is_refused(name: str, value: Any) -> None:
    assert outcome(sign_raw(HEADER, claims() | {name: value})) == "Unauthenticated"


@pytest.mark.parametrize("name", ["exp", "iat", "iss", "sub"])
def test_token_that_leaves_out_what_counts_is_refused(name: str) -> None:
    assert outcome(sign_token(claims(**{name: None}))) == "Unauthenticated"


# ---- what role


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["moderator"], "moderator"),
        ("moderator", "moderator"),
        (["Web team"], "moderator"),
        (["moderator", "admin", "admissions"], "admin"),
        (["moderator", "admissions"], "admissions"),
        (["Web team", "cooks"], "moderator"),
        (["cooks"], "Forbidden"),
        ([], "Forbidden"),
        ("", "Forbidden"),
        (["Admin"], "Forbidden"),
        (["admin "], "Forbidden"),
        ("admin,moderator", "Forbidden"),
        ([["admin"], {"admin": 1}, 7, None], "Forbidden"),
        ({"admin": True}, "Forbidden"),
        (None, "Forbidden"),
    ],
)
def test_role_is_the_strongest_of_the_groups(groups: Any, role: str) -> None:
    assert outcome(sign_token(claims() | {"cognito:groups": groups})) == role


def test_roles_come_from_the_claim_that_was_set() -> None:
    token = sign_token(claims() | {"cognito:groups": ["admin"], "https://desk/roles": ["moderator"]})
    assert outcome(token, issuer(roles_claim="https://desk/roles")) == "moderator"


# ---- revoked


def test_person_who_was_shut_out_is_nobody_whatever_they_show() -> None:
    class Revoked:
        def find_revocation(self, credential: str) -> datetime | None:
            return AT if credential == f"oidc:{SUBJECT}" else None

    later = AT + timedelta(days=3)
    for at in (AT, later):
        with pytest.raises(Unauthenticated):
            authenticate(sign_token(claims_for(URL, at)), issuer(), at, Revoked())
    other = sign_token(claims_for(URL, later, sub="another"))
    assert authenticate(other, issuer(), later, Revoked()).id == "oidc:another"


def test_somebody_without_a_role_is_told_so_and_nothing_else() -> None:
    with pytest.raises(Forbidden) as caught:
        authenticate(sign_token(claims(role="cooks")), issuer(), AT, Nobody())
    assert caught.value.role == "nobody"
