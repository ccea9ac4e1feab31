"""What visitors write, made up: prose of a given length, the same each time; and the costliest texts."""

import re
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


@cache
def _prose() -> str:
    """Words of our own pages: prose as people write it, for how well it compresses. About 100 kB."""
    pages = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
    words = re.findall(r"[A-Za-z][a-z']*[,.;:]?", " ".join(page.read_text() for page in pages))
    return " ".join(words)


def prose(length: int, seed: int) -> str:
    """`length` characters of it; another `seed` gives another text."""
    text = _prose()
    start = seed * 307 % (len(text) - length)
    return text[start : start + length].strip().ljust(length, ".")


# The costliest texts of 5,000 characters that we could think of: for looking at each character, composing,
# escaping, paragraphs, and for rules that look for words and patterns.
WORST_TEXTS = {
    "line breaks": "\n" * 4999 + "x",
    "less-than signs": "<" * 5000,
    "ampersands": "&" * 5000,
    "blank lines with spaces": "\n \t" * 1666 + "x",
    "letters with marks to compose": "e\u0301" * 2500,
    "marks in the wrong order": "a" + "\u0316\u0301" * 2499,
    "four marks on each base": "a\u0316\u0323\u0301\u0308" * 1000,
    "Hangul to compose": "\u1112\u1161\u11ab" * 1666,
    "Hangul syllables": "\ud55c" * 5000,
    "what composing makes longer": "\U0001d160" * 1600,
    "joined emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f466" * 1000,
    "bidirectional controls": "\u202ea\u202c" * 1666,
    "spaces": "x" + " " * 4998 + "x",
    "one long word": "a" * 5000,
    "digits and hyphens": "555-" * 1250,
    "at signs": "a@" * 2500,
    "addresses": "a@b.co " * 714,
    "links": "http://a.b/c " * 384,
    "half of a link": "http://" * 714,
    "dots": "a." * 2500,
    "quotes": '"\u201d' * 2500,
    "words of danger": "I do not want to die tonight. " * 166,
    "prose": "",
}


def worst_texts() -> dict[str, str]:
    return {name: text or prose(5000, 1) for name, text in WORST_TEXTS.items()}
