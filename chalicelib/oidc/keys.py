"""The issuer's public keys (a JWK Set, RFC 7517), fetched when a token needs them and kept for a while."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import Unavailable
from chalicelib.oidc.fetching import CannotFetch

# A key that the issuer takes out of its set is honoured no longer than this.
KEPT = timedelta(minutes=10)
# Who sends tokens with ids of keys that are not there cannot make us call the issuer more often than this.
PAUSE = timedelta(seconds=30)


class IssuerKeys:
    """`fetch` returns the JWK Set as bytes, or raises CannotFetch; `now` is the clock."""

    def __init__(self, fetch: Callable[[], bytes], now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, dict[str, Any]] = {}
        self._expire_at = self._next_try_at = datetime.min.replace(tzinfo=UTC)
        self._reached = False

    def find(self, key_id: str) -> dict[str, Any] | None:
        """Raises Unavailable where the issuer had to be asked and did not answer."""
        if key_id not in self._keys or self._now() >= self._expire_at:
            self._refresh()
        return self._keys.get(key_id)

    def _refresh(self) -> None:
        now = self._now()
        if now >= self._next_try_at:
            self._next_try_at = now + PAUSE
            self._reached = False
            try:
                self._keys = _read(self._fetch())
            except (CannotFetch, ValueError, KeyError, TypeError, RecursionError) as error:
                raise Unavailable("JWKS") from error
            self._expire_at = now + KEPT
            self._reached = True
        if not self._reached:
            # Not "no such key": nobody knows. A caller who is told 401 would sign in again, in vain.
            raise Unavailable("JWKS")


def _read(document: bytes) -> dict[str, dict[str, Any]]:
    keys = json.loads(document)["keys"]
    return {key["kid"]: key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)}
