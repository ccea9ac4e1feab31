"""An OIDC issuer for tests: it signs JWTs as Cognito does, and serves its keys over HTTP on loopback."""

import hmac
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.staff_tokens import Role

AUDIENCE = "client-of-the-desk"
SUBJECT = "0a1b2c3d-1111-2222-3333-444455556666"


@cache
def make_key(name: str) -> Any:
    """A private key, the same for one name: making an RSA key takes long."""
    return (
        ec.generate_private_key(ec.SECP256R1())
        if name.startswith("ec")
        else rsa.generate_private_key(65537, 2048)
    )


def public_pem(name: str) -> bytes:
    public: bytes = make_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def jwk_of(name: str, **changes: Any) -> dict[str, Any]:
    """The public half of a key, as the issuer publishes it."""
    kind = jwt.algorithms.ECAlgorithm if name.startswith("ec") else jwt.algorithms.RSAAlgorithm
    jwk = json.loads(kind.to_jwk(make_key(name).public_key()))
    algorithm = "ES256" if name.startswith("ec") else "RS256"
    return {**jwk, "kid": name, "alg": algorithm, "use": "sig", **changes}


@dataclass
class KeyServer:
    """Answers every GET with `status` and `body`, and counts."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, *jwks: dict[str, Any]) -> None:
        self.status, self.body = 200, json.dumps({"keys": jwks}).encode()


@contextmanager
def key_server() -> Iterator[KeyServer]:
    told = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings_for(url: str, **changes: str) -> dict[str, str]:
    """The settings by which a stack takes this issuer's tokens."""
    return {"OIDC_ISSUER": f"{url}/pool", "OIDC_AUDIENCE": AUDIENCE, **changes}


def claims_for(url: str, at: datetime, role: Role | str = "admin", **changes: Any) -> dict[str, Any]:
    """The claims of an access token of Cognito's; a change to None takes a claim out."""
    claims = {
        "iss": f"{url}/pool",
        "sub": SUBJECT,
        "token_use": "access",
        "client_id": AUDIENCE,
        "cognito:groups": [role],
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=15)).timestamp()),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def sign_token(claims: dict[str, Any], key: str = "rsa-1", **header: Any) -> str:
    """The token; a change of a header's field to None takes it out."""
    fields = {"alg": "ES256" if key.startswith("ec") else "RS256", "typ": "JWT", "kid": key, **header}
    return sign_raw({name: value for name, value in fields.items() if value is not None}, claims, key)


def sign_raw(header: Any, payload: Any, key: str = "rsa-1") -> str:
    """A rightly signed token of whatever: PyJWT itself would not make some that others may."""
    signed = f"{encode(header)}.{encode(payload)}"
    algorithm = jwt.get_algorithm_by_name("ES256" if key.startswith("ec") else "RS256")
    return f"{signed}.{encode(algorithm.sign(signed.encode(), make_key(key)))}"


def sign_symmetric(claims: dict[str, Any], secret: bytes, algorithm: str = "HS256") -> str:
    """With a secret that is none, such as the public key."""
    signed = f"{encode({'alg': algorithm, 'kid': 'rsa-1', 'typ': 'JWT'})}.{encode(claims)}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), sha256))}"


def encode(part: Any) -> str:
    """Bytes, or anything JSON, as a part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
