"""Pages made of a template. None is stored by anybody: they show what people wrote."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.api.answers import HTML, Answer

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent.parent / "web" / "templates"


def render_page(status: int, template: str, **variables: Any) -> Answer:
    html = _environment().get_template(template).render(**variables)
    return Answer(status, html, HTML, {"Cache-Control": "no-store"})


def as_page(problem: Answer) -> Answer:
    """A problem document as a page, for people."""
    told = json.loads(problem.body)
    page = render_page(problem.status, "problem.html", title=told["title"], detail=told["detail"])
    page.headers |= problem.headers
    return page


@cache
def _environment() -> "Environment":
    # Imported here: pages are rare where scripts run, and it would slow every cold start.
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415

    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
