"""Contact details in a text that is about to be public: where they stand, and the text without them.

A comment is read by everybody, also by whoever sells drugs or beds. People write down a number all the
same, their own or somebody else's. So a moderator is shown the text without it, and decides.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

Kind = Literal["phone", "email", "street"]

_MARKS: dict[Kind, str] = {
    "phone": "[phone number removed]",
    "email": "[email address removed]",
    "street": "[street address removed]",
}
# Shorter than anything that it stands for: for a text that the marks would make too long to store.
_SHORT_MARK = "[…]"
_LONGEST_TEXT = 5000

# Every repeat has an end, or is possessive with its beginning held by a look-behind: so each place of
# the text is looked at a fixed number of times at most (tests/judgement/test_speed.py reads the patterns).
# A pattern that begins with what it looks for skips everything else at once. So each does, where it can, and
# what must not stand before is asked behind its first character: `\d(?<!\w\d)` is `(?<!\w)\d`, and quicker.
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w.-]++")
# What a phone number can have, as long as a number can be short: outside of such there is none.
_PHONE_SIGNS = re.compile(r"[+(\d][\d +()./-]{7,}+")
# North American: 3-3-4, with or without country code; and the local 3-4 with a sign between.
_US_PHONE = re.compile(
    r"(?<![\w.+=/&-])(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)|\d{3})[ ./-]{0,3}\d{3}[ .-]{0,3}\d{4}(?![\w-])"
    r"|(?<![\w.+=/&-])\d{3}[.-]\d{4}(?![\w.-]?\d)"
)
# Either of them ends so.
_FOUR_FIGURES = re.compile(r"\d{4}")
# So many characters behind a number are looked at.
_BEHIND_A_PHONE = 2
# Everybody else's: a plus or 00, a country code, and groups of figures (ITU-T E.164: 15 at most).
_OTHER_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ().-]{0,3}\d){6,14}(?!\d)")
_STREET_NAMES = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Circle|Cir"
    r"|Highway|Hwy|Parkway|Pkwy|Terrace|Ter|Trail|Square|Sq)"
)
_STREETS = (
    re.compile(
        r"\d(?<!\w\d)\d{0,5}+(?:"
        r"[A-Za-z]?+[ ]{1,2}+(?:[A-Z0-9][\w'.]{0,24}+[ ]{1,2}+){1,4}"
        # Most words are none of the names already by their first letter.
        r"(?=[ABCDHLPRSTW])" + _STREET_NAMES + r"(?!\w)\.?"
        # In small letters only where nothing else is meant: "12 months on the road" is no address.
        r"|[ ]{1,2}+[^\W\d]{1,24}+[ ](?:street|avenue|ave|blvd|boulevard)(?!\w))"
    ),
    re.compile(r"[Pp](?<!\w[Pp])\.?[ ]?[Oo]\.?[ ]?[Bb]ox[ ]#?\d{1,6}"),
    re.compile(
        r"[CcAa](?<!\w[CcAa])(?:(?<=[Cc])al(?:le|z(?:ada|\.))|(?<=[Aa])v(?:enida|\.))[ ]"
        r"(?:[\w'.]{1,24}+[ ]){1,4}(?:#|[Nn]o\.?[ ])?\d{1,6}(?!\w)"
    ),
)
_FIGURE = re.compile(r"\d")
_NO_FIGURE = re.compile(r"\D")


class Contact(NamedTuple):
    """Where a contact detail stands in a text."""

    kind: Kind
    start: int
    end: int


def find_contacts(text: str, allowed_phones: frozenset[str]) -> list[Contact]:
    """Return what is found in a text as it was typed, in its order, none within another.

    `allowed_phones` (figures only) are no contact details: the crisis lines, the house's own number.
    """
    found = sorted(_find(text, allowed_phones), key=lambda contact: (contact.start, -contact.end))
    apart: list[Contact] = []
    for contact in found:
        if not apart or contact.start >= apart[-1].end:
            apart.append(contact)
    return apart


def without_contacts(text: str, contacts: list[Contact]) -> str:
    """Return `text` with a mark in the place of each of its `contacts`; never longer than may be stored."""
    marked = _put_marks(text, contacts, _MARKS)
    return (
        marked
        if len(marked) <= _LONGEST_TEXT
        else _put_marks(text, contacts, dict.fromkeys(_MARKS, _SHORT_MARK))
    )


def figures_of(phone: str) -> str:
    """The figures of a phone number, without the country code of North America."""
    figures = _NO_FIGURE.sub("", phone)
    if not figures.isascii():
        figures = "".join(str(int(figure)) for figure in figures)
    return figures[1:] if len(figures) == 11 and figures.startswith("1") else figures


def _find(text: str, allowed_phones: frozenset[str]) -> Iterator[Contact]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            address = found[0].rstrip(".-_")
            if "." in address.rpartition("@")[2]:
                yield Contact("email", found.start(), found.start() + len(address))
    if _FIGURE.search(text) is None:
        return
    for found in _find_phones(text):
        if figures_of(found[0]) not in allowed_phones:
            yield Contact("phone", found.start(), found.end())
    for found in _find_any(_STREETS, text):
        yield Contact("street", found.start(), found.end())


def _find_phones(text: str) -> Iterator[re.Match[str]]:
    for signs in _PHONE_SIGNS.finditer(text):
        start, end = signs.start(), signs.end() + _BEHIND_A_PHONE
        if _FOUR_FIGURES.search(signs[0]):
            yield from _US_PHONE.finditer(text, start, end)
        if "+" in signs[0] or "00" in signs[0]:
            yield from _OTHER_PHONE.finditer(text, start, end)


def _find_any(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """What the patterns would find as alternatives of one, each of them skipping what it can."""
    ahead = [(found, pattern) for pattern in patterns if (found := pattern.search(text))]
    while ahead:
        first = min((found for found, _ in ahead), key=re.Match.start)
        yield first
        # What began within it is looked for again behind it.
        ahead = [
            (found, pattern)
            for last, pattern in ahead
            if (found := last if last.start() >= first.end() else pattern.search(text, first.end()))
        ]


def _put_marks(text: str, contacts: list[Contact], marks: dict[Kind, str]) -> str:
    parts, last = [], 0
    for contact in contacts:
        parts += [text[last : contact.start], marks[contact.kind]]
        last = contact.end
    return "".join([*parts, text[last:]])
