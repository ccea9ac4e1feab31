"""From a template to a MIME message. No visitor's text ever goes into a header (CVE-2024-6923)."""

from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_TEMPLATES = Path(__file__).parent.parent / "web" / "templates"


def render(
    template: str, variables: dict[str, Any], *, sender: str, recipient: str, subject: str, delivery_id: str
) -> bytes:
    """Return the raw message: text and HTML. `subject` must be made of our own words and a reference."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    # RFC 3834: keeps out-of-office replies from answering a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Frontdesk-Delivery"] = delivery_id
    templates = _environment()
    message.set_content(templates.get_template(f"mail/{template}.txt").render(variables))
    message.add_alternative(templates.get_template(f"mail/{template}.html").render(variables), subtype="html")
    return message.as_bytes()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
