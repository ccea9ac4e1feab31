"""The crisis lines that come with every answer to a visitor."""

from typing import Any

from chalicelib.wiring import Desk


def help_lines(desk: Desk) -> dict[str, Any]:
    settings = desk.settings
    return {"text": settings.help_text, "lines": [vars(line) for line in settings.help_lines]}
