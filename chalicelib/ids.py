"""Identifiers: sortable by time where lists need it, never guessable, safe to say and to put in a URL."""

import re
import secrets
from datetime import datetime

# Crockford's base 32: no I, L, O or U, so that nothing is misread on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_COMMENT_ID = re.compile(f"c[{_ALPHABET.lower()}]{{26}}")
_REFERENCE = re.compile(f"[{_ALPHABET}]{{5}}-[{_ALPHABET}]{{5}}")
_MISREAD = str.maketrans("OIL", "011")


def base32(number: int, length: int) -> str:
    """Write the lowest 5 × `length` bits of `number` in `length` characters, an even number of them."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(5 * (length - 2), -1, -10)])


def new_id(prefix: str, at: datetime) -> str:
    """A new random id that sorts by `at` (milliseconds): 50 bits of time, 80 of chance."""
    return prefix + base32(int(at.timestamp() * 1000), 10).lower() + base32(secrets.randbits(80), 16).lower()


def comment_id(slot_start: int, digest: bytes) -> str:
    """An id that is a function of its submission: the slot's start (seconds), then 90 bits of `digest`."""
    return "c" + (base32(slot_start, 8) + base32(int.from_bytes(digest[:12], "big"), 18)).lower()


def reference(digest: bytes) -> str:
    """An enquiry's reference, such as `7KQ2M-8XD4T`: 50 bits, short enough to say on the phone."""
    letters = base32(int.from_bytes(digest[:7], "big"), 10)
    return f"{letters[:5]}-{letters[5:]}"


def heard_reference(heard: str) -> str:
    """The reference as it was made, however somebody wrote down what was said: `7kq2m8xd4t`, an O for a 0."""
    letters = heard.upper().replace("-", "").replace(" ", "").translate(_MISREAD)
    return f"{letters[:5]}-{letters[5:]}"


def is_comment_id(item_id: str) -> bool:
    """Whether it has the form of a comment's id: no enquiry's reference has, nor what a visitor made up."""
    return _COMMENT_ID.fullmatch(item_id) is not None


def is_reference(item_id: str) -> bool:
    """Whether it has the form of an enquiry's reference."""
    return _REFERENCE.fullmatch(item_id) is not None
