"""The one gate through which a visitor's text becomes HTML. The only module that knows bleach.

bleach is at its end of life: all that is asked of it is to let `p` and `br` pass, so that it can be
replaced here and nowhere else. Never let it pass `href`, and never call `linkify` (quadratic).
"""

import re
from html import escape

import bleach

_BLANK_LINES = re.compile("\n[\n\t ]*\n")


def to_html(text: str) -> str:
    """Return `text` as HTML that is safe to insert as it stands: paragraphs and line breaks only."""
    escaped = escape(text, quote=False)
    paragraphs = (p.replace("\n", "<br>") for p in _BLANK_LINES.split(escaped) if p.strip())
    html: str = bleach.clean("".join(f"<p>{p}</p>" for p in paragraphs), tags={"p", "br"}, attributes={})
    return html
