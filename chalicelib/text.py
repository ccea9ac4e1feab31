"""What becomes of text that a visitor typed before it is stored.

Text is kept as typed, normalised to NFC; escaping happens on output (`html_gate`). Taken away or
refused is only what deceives a reader's eye or breaks a program.
"""

import re
import unicodedata

# Property Bidi_Control of the Unicode Character Database. These can make a text read differently
# from what it says ("Trojan Source", CVE-2021-42574).
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS_ON_ONE_BASE = 4
# As many marks as can compose with their base, and four more: composing takes up two at most.
_BEFORE_COMPOSING = 8
_JOINERS = "\u200c\u200d"
_ASCII_WITHOUT_CONTROLS = re.compile("[\t\n\x20-\x7e]*")


class ForbiddenCharacter(ValueError):
    """The text holds NUL, a lone surrogate, or another control character than tab and newline."""


def normalise(typed: str) -> str:
    """Return `typed` as it is stored. Idempotent.

    Raises ForbiddenCharacter. CRLF, which browsers send for a line break in a form, becomes LF
    (HTML standard, "normalize newlines").
    """
    text = typed.replace("\r\n", "\n")
    if _ASCII_WITHOUT_CONTROLS.fullmatch(text):
        return text
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n" for c in text):
        raise ForbiddenCharacter
    # Cut before composing too: NFC puts a run of marks in order, in a time that grows with its square.
    cut = _cut_marks(_BIDI_CONTROLS.sub("", text), _BEFORE_COMPOSING)
    return _cut_marks(unicodedata.normalize("NFC", cut), _MARKS_ON_ONE_BASE)


def _cut_marks(text: str, most: int) -> str:
    """Keep at most `most` combining marks on one base, so that no comment climbs over its neighbours."""
    kept: list[str] = []
    marks = 0
    for character in text:
        if unicodedata.category(character)[0] == "M":
            marks += 1
        elif character not in _JOINERS:
            # A joiner is not a new base: else one between every mark would let all of them through.
            marks = 0
        if marks <= most or character in _JOINERS:
            kept.append(character)
    return "".join(kept)
