"""The same again and again: whether something stands in a row more often than it should."""

from collections.abc import Sequence
from operator import eq


def has_run(values: Sequence[str], most: int) -> bool:
    """Whether one of the values stands there more than `most` times in a row."""
    same_as_next = bytes(map(eq, values, values[1:]))
    return b"\1" * most in same_as_next


def may_have_run(text: str, most: int) -> bool:
    """Whether a character may stand there more than `most` times in a row: no text that has one is missed.

    It is known sooner by far than by looking at each: hardly any text has one.
    """
    # The text as one number beside itself, moved by a character: where two are alike, a byte is 0. Here all
    # that is beyond ASCII is alike.
    number = int.from_bytes(text.encode("ascii", "replace"))
    return bytes(most) in (number ^ number >> 8).to_bytes(len(text))
