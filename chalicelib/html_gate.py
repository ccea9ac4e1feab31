"""The one gate through which a visitor's text becomes HTML. The only module that knows bleach.

bleach is at its end of life: all that is asked of it is to let `p` and `br` pass, so that it can be
replaced here and nowhere else. Never let it pass `href`, and never call `linkify` (quadratic).

It parses with html5lib: 50 ms and more for 5,000 line breaks or `<`, and a moderator's list shows fifty
comments. So HTML that is plainly nothing but paragraphs, line breaks and escaped text, which bleach
gives back as it is, passes by a linear check (docs/decisions/0006-bleach-behind-one-gate.md).
"""

import re
from html import escape

_BLANK_LINES = re.compile("\n[\n\t ]*\n")
# No alternative begins as another does: matching cannot backtrack.
_PLAIN = re.compile("(?:<p>(?:[^<>&]|<br>|&amp;|&lt;|&gt;)*+</p>)*+")


def to_html(text: str) -> str:
    """Return `text` as HTML that is safe to insert as it stands: paragraphs and line breaks only."""
    return pass_gate(_make_html(text))


def pass_gate(html: str) -> str:
    """Return `html` with everything but `p` and `br` made harmless."""
    if _PLAIN.fullmatch(html):
        return html
    # Imported here: html5lib is slow to import, and this hardly ever comes.
    import bleach  # noqa: PLC0415

    cleaned: str = bleach.clean(html, tags={"p", "br"}, attributes={})
    return cleaned


def _make_html(text: str) -> str:
    escaped = escape(text, quote=False)
    paragraphs = (p.replace("\n", "<br>") for p in _BLANK_LINES.split(escaped) if p.strip())
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
