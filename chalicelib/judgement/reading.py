"""A text as the rules read it: so that a word is found however it is dressed up.

What is stored and shown stays as it was typed; only the rules read this. Each step costs a time that
grows with the text's length and no faster, whatever is in it.
"""

import re
import unicodedata
from dataclasses import dataclass

# Letters of other scripts that are drawn like these: the usual ones, not Unicode's whole list of
# confusables (UTS #39), which would take longer to load than to use.
_LOOK_ALIKES = dict(
    zip(
        "аАеЕоОрРсСхХуУіІјЈѕЅԁԛԝһкКмМтТвВнНαΑεΕοΟρΡτΤυΥχΧιΙκΚνΝβΒηΗμΜıƒɑɡøłđ",
        "aaeeooppccxxyyiijjssdqwhkkmmttbbhhaaeeooppttuyxxiikkvnbbhhmmifagold",
        strict=True,
    )
)
# Latin letters with marks, from À to ỹ, without them.
_ACCENTED = {
    code: unicodedata.normalize("NFD", chr(code))[0]
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]
    if unicodedata.decomposition(chr(code))
}
# Apostrophes go: `don't` and `dont` are one word. So do marks on letters, and what has no width.
_LEFT_OUT = "'`´ʼ‘’\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
_FOLDED: dict[int, int | str | None] = {
    # `translate` is quick with what it finds, and slow with what it does not.
    **{code: code for code in range(0x80)},
    **_ACCENTED,
    ord("ß"): "ss",
    **{ord(letter): plain for letter, plain in _LOOK_ALIKES.items()},
    **dict.fromkeys(map(ord, _LEFT_OUT)),
    **dict.fromkeys(range(0x300, 0x370)),
    **dict.fromkeys(range(0xFE00, 0xFE10)),
}
# Fractions, numbers in brackets and the like: each would become 3 to 18 characters, and is no part of a
# word that we look for.
_LONG_WHEN_FOLDED = re.compile(
    "[\u00bc-\u00be\u2057\u213b\u2150-\u215f\u2189\u2474-\u249b\u2a0c\u2a74-\u2a76\u3200-\u33ff\ufdf0-\ufdff"
    "\U0001f100-\U0001f12a]"
)
_WORD = re.compile(r"[\w@$]+")
# In ASCII, what is no part of a word becomes a space: to part there is quicker.
_PARTED = {code: code if _WORD.match(chr(code)) else " " for code in range(0x80)}
# Behind a letter that stands alone, three more or more: a word that somebody hides; fewer can be initials.
_SPACED_LETTERS = re.compile(
    r"[ .*-][^\W\d_](?!\w)(?<=[^\W\d_][ .*-].)(?<!\w[^\W\d_][ .*-].)(?:[ .*-][^\W\d_](?!\w)){2,}+"
)
# Figures and signs that stand for letters.
_LEET = str.maketrans("013457@$", "oieastas")


def fold(typed: str) -> str:
    """Return `typed` without case, accents, apostrophes, zero-width characters and look-alike letters."""
    if typed.isascii():
        return typed.lower().replace("'", "").replace("`", "")
    compatible = unicodedata.normalize("NFKC", _LONG_WHEN_FOLDED.sub(" ", typed))
    # Not casefold: it makes up to three characters of one.
    return compatible.translate(_FOLDED).lower()


def words_of(folded: str) -> list[str]:
    """The words of a folded text. Letters that stand apart (`f e n t`) are one word."""
    if _SPACED_LETTERS.search(folded):
        folded = _SPACED_LETTERS.sub(lambda spaced: spaced[0][1::2], folded)
    return folded.translate(_PARTED).split() if folded.isascii() else _WORD.findall(folded)


def plainer(word: str) -> str | None:
    """Read figures and signs as letters (`p3rc$`); None where that is no other word."""
    return None if word.isalpha() or word.isdecimal() else word.translate(_LEET)


@dataclass(frozen=True, repr=False)
class Reading:
    """What was typed, as the rules read it."""

    folded_name: str
    folded_message: str
    words: list[str]


def read_typed(name: str, message: str) -> Reading:
    folded_name, folded_message = fold(name), fold(message)
    return Reading(folded_name, folded_message, words_of(f"{folded_name}\n{folded_message}"))
