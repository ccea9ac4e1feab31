"""Small signed values that travel through a visitor's hands: cursors and form tokens.

They are signed, not secret: put no private field into one.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Protocol


class Digester(Protocol):
    def digest(self, purpose: str, message: str) -> bytes: ...


class BadSignature(Exception):
    """The value was altered, or was signed for another purpose."""


def sign(digester: Digester, purpose: str, value: Any) -> str:
    """Return `value` (anything JSON) as text that only `unsign` with the same purpose accepts."""
    body = urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
    return f"{body}.{_signature(digester, purpose, body)}"


def unsign(digester: Digester, purpose: str, signed: str) -> Any:
    """Raises BadSignature."""
    body, _, signature = signed.partition(".")
    if not signed.isascii() or not hmac.compare_digest(signature, _signature(digester, purpose, body)):
        raise BadSignature
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _signature(digester: Digester, purpose: str, body: str) -> str:
    return urlsafe_b64encode(digester.digest(purpose, body)[:16]).rstrip(b"=").decode()
