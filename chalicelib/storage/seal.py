"""How the tables seal private values: they see plain values, the database only sealed ones."""

import json
from typing import Any, Protocol


class Sealing(Protocol):
    def seal(self, text: str) -> bytes: ...

    def is_current(self, sealed: bytes) -> bool: ...


class Opening(Protocol):
    def open(self, sealed: bytes) -> str: ...


class CannotOpen(Exception):
    """This function was given no private key: it may write, not read."""


class Unreadable(Exception):
    """What is sealed cannot be opened with any key, or is not what was sealed: it was altered."""


# Shown in the place of a text that is unreadable: one such row must not hide the others from staff.
UNREADABLE = "[This cannot be opened: its key is missing, or it was altered.]"


class Seal:
    """Closes values for the database, and opens them where the function has been given an opener."""

    def __init__(self, sealer: Sealing, opener: Opening | None) -> None:
        self._sealer = sealer
        self._opener = opener

    def close(self, value: Any) -> bytes:
        """`value` is anything JSON."""
        return self._sealer.seal(json.dumps(value, ensure_ascii=False))

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed to the key that is used now."""
        return self._sealer.is_current(sealed)

    def open(self, sealed: bytes) -> Any:
        """Raises CannotOpen or Unreadable."""
        if self._opener is None:
            raise CannotOpen
        try:
            return json.loads(self._opener.open(sealed))
        except (ValueError, TypeError, AttributeError):
            raise Unreadable from None
