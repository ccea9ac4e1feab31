"""Text on a terminal. What visitors wrote must not drive it: a control character shows as its number."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

# Within a word of some scripts, and between the parts of an emoji. They move nothing.
_JOINERS = "\u200c\u200d"
_ELLIPSIS = "…"


def printable(text: str) -> str:
    r"""The text on one line: a line break is shown as `⏎`, other controls as `\x1b` or `\u202e`."""
    return "".join(map(_show, text.replace("\n", " ⏎ ")))


def printable_lines(text: str) -> list[str]:
    """The text's own lines, each as `printable` shows it."""
    return [printable(line) for line in text.split("\n")]


def _show(character: str) -> str:
    # Controls (ESC, and CSI of one character), formats (bidirectional), surrogates, other line breaks.
    if character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character


def cut(text: str, width: int) -> str:
    """At most `width` columns of it."""
    if columns(text) <= width:
        return text
    shown = ""
    for character in text:
        if columns(shown + character) > width - 1:
            return shown + _ELLIPSIS
        shown += character
    return shown


def columns(text: str) -> int:
    """How wide a terminal shows it (Unicode Standard Annex 11: wide letters take two columns)."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    marks = sum(unicodedata.category(c) in ("Mn", "Me") or c in _JOINERS for c in text)
    return len(text) + wide - marks


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Lines with the columns one below the other; None is shown as `-`."""
    cells = [["-" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    lines = [list(headings), *cells]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [cell + " " * (width - columns(cell)) for cell, width in zip(line, widths, strict=True)]
        yield "  ".join(padded).rstrip()


def fields(shown: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Lines `name  value`; a value of several lines stands below its name, indented. None is left out."""
    for name, value in shown:
        if value is None:
            continue
        lines = printable_lines(str(value))
        if len(lines) == 1:
            yield f"{name:<12}{lines[0]}"
        else:
            yield name
            yield from (f"    {line}".rstrip() for line in lines)
