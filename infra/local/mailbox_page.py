"""`/_local/mailbox`: the mailbox as a page for people, or as JSON."""

import json
import re
from collections.abc import Iterable
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

from infra.local.gateway import Response, StartResponse, write
from infra.local.mailbox import Mail, Mailbox, to_json

PATH = "/_local/mailbox"
MAILS_ON_THE_PAGE = 100

_LINK = re.compile(r"https?://[^\s<>\"']+")
# Inline styles are for the HTML parts of mails: a srcdoc frame is under the policy of its page.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", _POLICY),
]
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid #bbb; border-radius: .4rem; margin: 1rem 0; padding: 0 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: 18rem; border: 1px solid #bbb; background: #fff; }
small { color: #555; }
"""


class MailboxPage:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        wants_json = parse_qs(environ.get("QUERY_STRING", "")).get("format") == ["json"]
        response = self._as_json() if wants_json else self._as_page()
        return write(response, environ["REQUEST_METHOD"], start_response)

    def _as_json(self) -> Response:
        document = {"messages": [to_json(mail) for mail in self._mailbox.list_newest_first()]}
        return Response(200, [("Content-Type", "application/json"), *_HEADERS], json.dumps(document).encode())

    def _as_page(self) -> Response:
        mails = islice(self._mailbox.list_newest_first(), MAILS_ON_THE_PAGE)
        return Response(
            200, [("Content-Type", "text/html; charset=utf-8"), *_HEADERS], render(mails).encode()
        )


def render(mails: Iterable[Mail]) -> str:
    articles = "".join(_render_mail(mail) for mail in mails) or "<p>No mail yet.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Mailbox</title><style>{_STYLE}</style><h1>Mailbox</h1>"
        f"<p>The newest {MAILS_ON_THE_PAGE} mails. Nothing leaves this machine. "
        f'<a href="{PATH}?format=json">All, as JSON</a></p>{articles}</html>'
    )


def _render_mail(mail: Mail) -> str:
    subject = escape(str(mail.message().get("Subject", "")) or "(no subject)")
    return (
        f"<article><h2>{subject}</h2>"
        f"<p><small>{escape(mail.at)}, to {escape(', '.join(mail.recipients))}</small></p>"
        f"<pre>{_with_links(_part(mail, 'plain'))}</pre>{_render_html_part(_part(mail, 'html'))}</article>"
    )


def _part(mail: Mail, kind: str) -> str:
    part = mail.message().get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _render_html_part(html: str) -> str:
    if not html:
        return ""
    frame = f'<iframe sandbox="allow-popups" title="The HTML part" srcdoc="{escape(html)}"></iframe>'
    return f"<details><summary>HTML part</summary>{frame}</details>"


def _with_links(text: str) -> str:
    pieces, end = [], 0
    for link in _LINK.finditer(text):
        url = escape(link[0])
        pieces += [escape(text[end : link.start()]), f'<a href="{url}" rel="noreferrer noopener">{url}</a>']
        end = link.end()
    return "".join([*pieces, escape(text[end:])])
