"""Keyed hashes (HMAC-SHA-256, RFC 2104): to recognise without being able to read.

Each purpose has a key of its own, derived from the current secret, so that a hash made for one
purpose says nothing under another.
"""

import hmac
from datetime import date
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network


class NoSecret(Exception):
    """This function was not given the secret that this hash is made under."""


class Hasher:
    """Hashes under the current secret of `secrets` ({key id: secret}, the last one current)."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        *older, (self.key_id, self._secret) = secrets.items()
        self._older = [Hasher({key_id: secret}) for key_id, secret in older]
        # The purposes are few, but for those of a day.
        self._key_for = lru_cache(maxsize=32)(self._make_key)

    def every(self) -> "list[Hasher]":
        """One for each secret, the current one first: for what was hashed before a rotation."""
        return [self, *reversed(self._older)]

    def digest(self, purpose: str, message: str) -> bytes:
        return hmac.digest(self._key_for(purpose), message.encode(), "sha256")

    def address(self, email: str) -> str:
        """For look-up by address. Names its key, so that the secret can be rotated.

        Lower case, not case folded: `straße.de` and `strasse.de` are two domains (RFC 5894, 3.2).
        """
        return f"{self.key_id}.{self.digest('address', email.lower()).hex()}"

    def _make_key(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, purpose.encode(), "sha256")

    def network(self, ip: str, day: date) -> str:
        """Stands for a visitor's network on one day; under the next day's key it is another.

        An IPv6 network is its /64, for that is what one household gets (RFC 6177).
        """
        return self.digest(f"network/{day.isoformat()}", _network_of(ip)).hex()[:32]


def _network_of(ip: str) -> str:
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network(f"{address}/64", strict=False))


class NoHasher:
    """Stands where a function was not given the secret."""

    def digest(self, purpose: str, message: str) -> bytes:  # noqa: ARG002
        raise NoSecret(purpose)
