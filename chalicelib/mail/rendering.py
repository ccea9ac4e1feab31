"""From a template to a MIME message. No visitor's text ever goes into a header (CVE-2024-6923).

The words of a mail are one file for each language, `web/templates/mail/<language>/<template>.jinja`: its
subject, its paragraphs, the words of its links. `layout.txt` and `layout.html` make the two parts of them, so
that text and HTML cannot say different things. In a block of words an empty line begins a paragraph. What
somebody typed, and the crisis lines, are shown only where the file of words asks for them.

Every mail needs `resent` (bool): it says then that it may have come before. What else each needs:

| Template | Variables (those in brackets may be left out) |
|---|---|
| comment_submitted | link, [decision_link], [reference] |
| comment_submitted_full | the same, and item: name, email, page, message |
| comment_digest | count, minutes, link |
| enquiry_submitted | reference, link |
| enquiry_submitted_full | the same, and item: name, email, phone, topic, contact_by, page, message |
| urgent_submitted | link, [reference], [reminder: which one it is, from 1] |
| enquiry_received | reference, help: {text, lines: [{name, contact, url}]} |
| comment_published, comment_answered | page_url |
| mail_bounced | bounced_kind, bounced_id, [bounced_address: only its first letter and domain are shown] |
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_TEMPLATES = Path(__file__).parent.parent / "web" / "templates"
_MAY_BE_LEFT_OUT = {"reference": None, "decision_link": None, "reminder": None, "bounced_address": None}
# A subject sees nothing else, so nothing else can get into it.
_IN_SUBJECTS = ("reference", "reminder")
_LONGEST_VALUE = 900


@dataclass
class HeaderRefused(Exception):
    """What was given for `header` cannot stand there safely. The value is not told: errors get logged."""

    header: str


class _Whole(UnstructuredHeader):
    """A header of ASCII that is never folded: Python would write a long URL or id as encoded words, which
    nobody reads as a URL (RFC 2047, section 5: not in such a header)."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


# Registered headers (From, To, Subject, ...) keep their own classes. 76: quoted-printable's longest line.
_POLICY = SMTP.clone(header_factory=HeaderRegistry(default_class=_Whole), max_line_length=76)


def render(
    template: str,
    language: Literal["en", "es"],
    variables: dict[str, Any],
    *,
    sender: str,
    recipient: str,
    delivery_id: str,
    reply_to: str | None = None,
    unsubscribe: str | None = None,
    at: datetime | None = None,
) -> bytes:
    """Return the raw message: text and HTML, all of it ASCII, no line over 998 octets (RFC 5322, 2.1.1).

    Addresses are bare, without a display name. A `reply_to` that cannot stand in a header is left out: a
    visitor's odd address must not keep a mail from staff. `unsubscribe` is the URL of one click (RFC 8058).
    Raises HeaderRefused, and jinja2.UndefinedError where a variable is missing.
    """
    reply_to = _find_address(reply_to) if reply_to else None
    given = {**_MAY_BE_LEFT_OUT, **variables, "language": language}
    words = {**given, "reply_to": reply_to, "unsubscribe": unsubscribe}
    name = f"mail/{language}/{template}.jinja"
    subject = _fill(name, "subject.txt", {k: given[k] for k in ("language", *_IN_SUBJECTS)}).strip()
    words["subject"] = subject

    sender = to_ascii("From", sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = to_ascii("To", recipient)
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = _words("Subject", subject)
    # SES puts its own Date and Message-ID in place of these; they are for whoever else delivers or keeps it.
    # https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    message["Date"] = format_datetime(at or datetime.now(UTC))
    message["Message-ID"] = f"<{_ascii('Message-ID', delivery_id)}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no machine is to answer it. The acknowledgement too is `auto-generated`: `auto-replied` is for
    # what answers a message, and a form is none. Exchange has its own header; `All` would silence bounces.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["X-Frontdesk-Delivery"] = _ascii("X-Frontdesk-Delivery", delivery_id)
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{_ascii('List-Unsubscribe', unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Always the same encoding, which keeps lines short and is readable where it is not decoded.
    message.set_content(_tidy(_fill(name, "layout.txt", words)), cte="quoted-printable")
    html = _fill(name, "layout.html", words)
    message.add_alternative(_tidy(html), subtype="html", cte="quoted-printable")
    # Only now: until then Python moves every Content- header into the first part.
    message["Content-Language"] = language
    return message.as_bytes()


def _ascii(header: str, value: str) -> str:
    """Printable ASCII in one word, such as an id or a URL."""
    if not re.fullmatch(r"[!-;=?-~]+", value) or "=?" in value or len(value) > _LONGEST_VALUE:
        raise HeaderRefused(header)
    return value


def _words(header: str, value: str) -> str:
    if not value.isprintable() or "=?" in value or len(value) > _LONGEST_VALUE:
        raise HeaderRefused(header)
    return value


def to_ascii(header: str, value: str) -> str:
    """An address as it stands in `header`, and as SES wants it. Raises HeaderRefused."""
    address = _find_address(value)
    if address is None:
        raise HeaderRefused(header)
    return address


def _find_address(value: str) -> str | None:
    """The address with its domain in ASCII, as SES wants it; None where it cannot be written in a header.

    `=?` may stand in an address, but Python reads an encoded word there, and writes what it decodes to.
    """
    try:
        found = validate_email(
            value, allow_smtputf8=False, check_deliverability=False, test_environment=True
        ).ascii_email
    except EmailNotValidError:
        return None
    return found if found and "=?" not in found else None


def _fill(name: str, layout: str, variables: dict[str, Any]) -> str:
    template = _environment(layout.endswith(".html")).get_template(name)
    return template.render(variables, layout=f"mail/{layout}")


def _tidy(text: str) -> str:
    # Blocks that say nothing leave empty lines. Those that a visitor left have a ">" or a <br> in them.
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _environment(html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=html,  # noqa: S701 - the other part is plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"paragraphs": _paragraphs, "one_line": _one_line, "masked": _mask}
    return environment


def _paragraphs(words: str, kind: str = "") -> Markup:
    """What a block says as HTML. Values in it have been escaped when they were put in."""
    opening = Markup('<p class="{}">').format(kind) if kind else Markup("<p>")
    found = [lines for lines in re.split(r"\n\n+", escape(words).strip()) if lines]
    return Markup("\n").join(
        opening + Markup("<br>\n").join(Markup(line) for line in lines.split("\n")) + Markup("</p>")  # noqa: S704
        for lines in found
    )


def _one_line(value: str) -> str:
    """So that nobody can add a line that looks like ours."""
    return " ".join(value.split())


def _mask(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
