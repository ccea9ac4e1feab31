"""Cursors: where a list goes on. Opaque, signed, and bound to their list."""

from typing import Any

from chalicelib.errors import BadCursor
from chalicelib.signing import BadSignature, Digester, sign, unsign


def make_cursor(digester: Digester, list_name: str, place: Any) -> str | None:
    """`list_name` says which list with which filter and order; `place` is anything JSON, None at the end."""
    return None if place is None else sign(digester, f"cursor/{list_name}", place)


def read_cursor(digester: Digester, list_name: str, cursor: str | None) -> Any:
    """Raises BadCursor where the cursor was altered, or is another list's."""
    if cursor is None:
        return None
    try:
        return unsign(digester, f"cursor/{list_name}", cursor)
    except BadSignature:
        raise BadCursor from None
