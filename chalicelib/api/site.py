"""Pages and files that people open, and what machines ask about the service."""

import re
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

from chalicelib.api.answers import HTML, Answer, as_json
from chalicelib.api.requests import Request
from chalicelib.errors import NotFound
from chalicelib.wiring import Desk

_STATIC = Path(__file__).parent.parent / "web" / "static"
_TYPES = {".html": HTML, ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# In privacy.html, where the processor is declared if the site has one.
_PROCESSOR = "<!-- processor -->\n"
# The demo is for trying things on one machine; it is never served from a deployed stack.
_LOCAL_ONLY = re.compile("/demo|/demo[.]js")


def _paths() -> dict[str, Path]:
    """Which path serves which file: `/demo` for demo.html, `/demo.js` for demo.js."""
    return {f"/{file.name.removesuffix('.html')}": file for file in sorted(_STATIC.iterdir())}


FILES = _paths()


def healthz(_request: Request, _desk: Desk) -> Answer:
    return as_json(200, {"status": "ok"})


def openapi(_request: Request, desk: Desk) -> Answer:
    # Imported here: the document is asked for rarely, and making it would slow every cold start.
    from chalicelib.api.openapi import make_document  # noqa: PLC0415

    return as_json(200, make_document(desk.settings.public_url), Cache_Control="public, max-age=300")


def serve_file(request: Request, desk: Desk) -> Answer:
    if _LOCAL_ONLY.fullmatch(request.route) and desk.settings.stage != "local":
        raise NotFound
    answer = _answer(request.route)
    if request.route == "/privacy":
        return replace(
            answer, body=answer.body.replace(_PROCESSOR, _declare(desk.settings.akismet_processor))
        )
    return answer


def _declare(processor: str | None) -> str:
    """What visitors are told where others judge comments: the site's own sentence, and what this sends."""
    if processor is None:
        return ""
    return f"""    <h2>Who else looks for spam</h2>
    <p>{escape(processor)}</p>
    <p>What you type with a comment is sent: your name, your email address and your words; and the page's
      address. Your IP address is not sent. Nor is a comment in which we recognise that somebody may be in
      danger, nor any message that you send us.</p>
"""


@cache
def _answer(path: str) -> Answer:
    file = FILES[path]
    # Pages may hold what staff see after sign-in: not stored. Scripts and styles may be, for a while.
    lasting = "no-store" if file.suffix == ".html" else "public, max-age=300"
    return Answer(200, file.read_text(), _TYPES[file.suffix], {"Cache-Control": lasting})
