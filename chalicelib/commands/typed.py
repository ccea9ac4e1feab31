"""What is typed as an argument, checked by the same rules as what is sent to the API."""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from chalicelib.commands.run import WrongUsage
from chalicelib.text import ForbiddenCharacter, normalise

# The contract's lengths; a test holds them to the models of the API.
LONGEST_REASON = 500
LONGEST_NOTE = 2000
LONGEST_NAME = 80
# Visible ASCII; DynamoDB refuses keys that are much longer.
_ID = re.compile("[!-~]{1,128}")
_SEEN = re.compile("([!-?A-~]{1,128})@([0-9]{1,18})")


class Refused(ValueError):
    """Not a text as it should be. Its words say why, and repeat nothing of it."""


@dataclass(frozen=True)
class Seen:
    """An item, and the revision of it that somebody has seen."""

    id: str
    revision: int


def check_text(typed: str, longest: int, *, may_be_blank: bool = False) -> str:
    """The text as it is stored. Raises Refused."""
    try:
        text = normalise(typed)
    except ForbiddenCharacter:
        raise Refused("it has a character that is not allowed") from None
    if not text.strip() and not may_be_blank:
        raise Refused("it is empty")
    if len(text) > longest:
        raise Refused(f"it is too long: at most {longest} characters")
    return text


def text_of(longest: int, *, may_be_blank: bool = False) -> Callable[[str], str]:
    """For argparse's `type`."""

    def check(typed: str) -> str:
        try:
            return check_text(typed, longest, may_be_blank=may_be_blank)
        except Refused as refused:
            raise argparse.ArgumentTypeError(str(refused)) from None

    return check


def is_id(typed: str) -> bool:
    """Whether it could be one."""
    return bool(_ID.fullmatch(typed))


def item_id(typed: str) -> str:
    """An id, also as lists print it: with `@` and a revision, which is left out."""
    found = typed.partition("@")[0]
    if not is_id(found):
        raise argparse.ArgumentTypeError("this is no id of anything")
    return found


def seen(typed: str) -> Seen:
    match = _SEEN.fullmatch(typed)
    if match is None:
        raise argparse.ArgumentTypeError("write ID@REVISION, as the lists print it: decide on what was seen")
    return Seen(match[1], int(match[2]))


def from_keyboard(typed: str, keyboard: TextIO, longest: int) -> str:
    """`-` stands for what comes on stdin: it is in no list of processes, and in no shell's history."""
    if typed != "-":
        return typed
    try:
        return check_text(keyboard.read().rstrip("\n"), longest)
    except (Refused, UnicodeDecodeError) as refused:
        why = refused if isinstance(refused, Refused) else "it is not UTF-8"
        raise WrongUsage(f"What came on stdin cannot be used: {why}.") from None
